/** States, events, beginning and end of a client; ioredis over one server tells what is right. */

import { Redis as IoRedis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { NodeError, Redis } from '../../../src/ioredis.js';
import { freePort } from '../../../src/testing/servers/free-port.js';
import { keysByNode, refusal, ThreeNodes } from './three-nodes.js';

let nodes: ThreeNodes;

beforeAll(async () => {
  nodes = await ThreeNodes.start();
});

afterAll(() => nodes.stop());

afterEach(async () => {
  nodes.close();
  await Promise.all(nodes.servers.filter(({ isRunning }) => !isRunning).map((server) => server.restart()));
});

const EVENTS = ['wait', 'connecting', 'connect', 'ready', 'close', 'reconnecting', 'end'];

function listen(client: IoRedis): string[] {
  const heard: string[] = [];
  for (const event of EVENTS) client.on(event, () => heard.push(event));
  return heard;
}

describe('a client', () => {
  it('goes through the states of ioredis, and tells of them, from its beginning to its end and again', async () => {
    const live = async (make: () => IoRedis): Promise<unknown> => {
      const client = make();
      const heard = listen(client);
      const seen: unknown[] = [client.status];
      await client.connect();
      seen.push(client.status, (await refusal(client.connect())).message);
      const last = client.set('last', 'word');
      seen.push(await client.quit(), await last);
      await expect.poll(() => client.status).toBe('end');
      const piped = await client.pipeline().get('x').quit().exec();
      seen.push(
        (await refusal(client.get('x'))).message,
        piped?.map(([error]) => error?.message),
      );
      await client.connect();
      seen.push(await client.get('last'));
      const pending = refusal(client.blpop('nothing', 0));
      client.disconnect();
      seen.push((await pending).message);
      await expect.poll(() => client.status).toBe('end');
      seen.push((await refusal(client.quit())).message);
      await expect.poll(() => heard.at(-1)).toBe('end');
      return { seen, heard };
    };
    const options = { lazyConnect: true };
    const { host, port } = nodes.server('a');
    const theirs = await live(() => new IoRedis({ host, port, ...options }));
    expect(await live(() => nodes.open(options))).toEqual(theirs);
  });

  it('begins to connect when it is made, unless told to be lazy', async () => {
    const begin = async (client: IoRedis): Promise<unknown> => {
      const heard = listen(client);
      const first = client.status;
      await expect.poll(() => heard.at(-1)).toBe('ready');
      const told = [...heard];
      client.disconnect();
      return { first, told };
    };
    const { host, port } = nodes.server('a');
    const theirs = await begin(new IoRedis({ host, port }));
    expect(await begin(nodes.open())).toEqual(theirs);
  });

  it('is ready as soon as anything is answered, shows its options, and passes through reconnecting if told to', async () => {
    const live = async (client: IoRedis): Promise<unknown> => {
      await client.ping();
      const { db, commandTimeout, keyPrefix } = client.options;
      const seen: unknown[] = [client.status, db, commandTimeout, keyPrefix];
      const heard = listen(client);
      client.disconnect(true);
      await expect.poll(() => heard.at(-1)).toBe('ready');
      client.disconnect();
      client.disconnect();
      await expect.poll(() => heard.at(-1)).toBe('end');
      return { seen, heard };
    };
    const { host, port } = nodes.server('a');
    const options = { db: 3, commandTimeout: 5_000, keyPrefix: 'p:' };
    const theirs = await live(new IoRedis({ host, port, ...options }));
    expect(await live(nodes.open(options))).toEqual(theirs);
  });

  it('that was never connected has nothing to close', async () => {
    const live = async (client: IoRedis): Promise<string[]> => {
      const heard = listen(client);
      const pending = refusal(client.get('k'));
      client.disconnect();
      await pending;
      await expect.poll(() => heard.at(-1)).toBe('end');
      return heard;
    };
    const { host, port } = nodes.server('a');
    const theirs = await live(new IoRedis({ host, port }));
    expect(await live(nodes.open())).toEqual(theirs);
  });

  it('opens nothing before it is asked to, if told to be lazy', async () => {
    const plain = nodes.plain('b');
    const isThere = async () => String(await plain.client('LIST')).includes('name=lazy ');
    const lazy = nodes.open({ lazyConnect: true, connectionName: 'lazy' });
    expect(await lazy.duplicate().quit()).toBe('OK');
    expect(await isThere()).toBe(false);
    expect(await lazy.set('k', 'v')).toBe('OK');
    await expect.poll(isThere).toBe(true);
  });

  it('calls back, once', async () => {
    const client = nodes.open({ lazyConnect: true });
    const told: unknown[] = [];
    await new Promise<void>((resolve) => {
      void client.connect((...news) => {
        told.push(news);
        resolve();
      });
    });
    await new Promise<void>((resolve) => {
      client
        .connect((error) => {
          told.push(error?.message);
          resolve();
        })
        .catch(() => undefined);
    });
    await new Promise<void>((resolve) => {
      void client.quit((...news) => {
        told.push(news);
        resolve();
      });
    });
    expect(told).toEqual([[null, undefined], 'Redis is already connecting/connected', [null, 'OK']]);
  });

  it('has an independent duplicate with its options, changed where asked for', async () => {
    const client = nodes.open({ keyPrefix: 'p:' });
    const [same, other] = [client.duplicate(), client.duplicate({ keyPrefix: 'q:', connectionName: 'dup' })];
    await client.set('k', 'v');
    expect([await same.get('k'), await other.get('k')]).toEqual(['v', null]);
    expect(same).toBeInstanceOf(Redis);
    client.disconnect();
    expect(await same.get('k')).toBe('v');
    await Promise.all([same.quit(), other.quit()]);
  });

  it('refuses MONITOR with a typed error', async () => {
    const error = await refusal(nodes.open().monitor());
    expect(error).toMatchObject({ code: 'ERR_CROSS_NODE' });
  });
});

describe('a client whose nodes fail', () => {
  it('is not ready when none can be reached, tells so, and harms nobody who does not listen', async () => {
    const places = await Promise.all([freePort(), freePort()]);
    const options = { nodes: places.map((port) => `redis://127.0.0.1:${port}`), commandTimeout: 200 };
    const silent = new Redis(options);
    const client = new Redis({ ...options, lazyConnect: true });
    const heard = listen(client);
    const errors: unknown[] = [];
    client.on('error', (error) => errors.push(error));
    expect(await refusal(client.connect())).toMatchObject({ code: 'ERR_NODE', reason: 'refused' });
    expect(client.status).toBe('reconnecting');
    expect(await refusal(client.get('k'))).toMatchObject({ code: 'ERR_NODE' });
    expect(await refusal(silent.get('k'))).toMatchObject({ code: 'ERR_NODE' });
    expect(heard).toEqual(['wait', 'connecting', 'close', 'reconnecting']);
    expect(errors).toHaveLength(2);
    expect(errors.every((error) => error instanceof NodeError)).toBe(true);
    client.disconnect();
    silent.disconnect();
  });

  it('stays ready while one node answers; without any it is reconnecting, and ready again when one is back', async () => {
    const client = nodes.open();
    const errors: unknown[] = [];
    client.on('error', (error) => errors.push(error));
    const keys = await keysByNode(nodes, client, 'life:');
    await expect.poll(() => client.status).toBe('ready');
    const heard = listen(client);
    await nodes.server('a').kill9();
    await expect.poll(() => errors).toHaveLength(1);
    expect(client.status).toBe('ready');
    expect(await client.set(keys.b[0] ?? '', 'v')).toBe('OK');
    expect(await refusal(client.set(keys.a[0] ?? '', 'v'))).toMatchObject({ code: 'ERR_NODE' });
    await Promise.all([nodes.server('b').kill9(), nodes.server('c').kill9()]);
    await expect.poll(() => client.status).toBe('reconnecting');
    await Promise.all(nodes.servers.map((server) => server.restart()));
    await expect.poll(() => client.status).toBe('ready');
    await expect.poll(() => client.set(keys.a[0] ?? '', 'v').catch(() => '')).toBe('OK');
    expect(heard).toEqual(['close', 'reconnecting', 'connect', 'ready']);
  });
});
