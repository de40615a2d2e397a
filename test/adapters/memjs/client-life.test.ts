import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Client, type ClientOptions } from '../../../src/memjs.js';
import { startMemcached } from '../../../src/testing/servers/memcached-server.js';
import type { TestServer } from '../../../src/testing/servers/test-server.js';

const SILENT: ClientOptions = { logger: { log: () => undefined } };

let servers: TestServer[] = [];
let list = '';

beforeAll(async () => {
  servers = await Promise.all([startMemcached(), startMemcached(), startMemcached()]);
  list = servers.map(({ host, port }) => `${host}:${port}`).join();
});

afterAll(() => Promise.all(servers.map((server) => server.stop())));

describe('a client', () => {
  it('finds its servers in the environment, and says in the logger that a form is old', async () => {
    const log = vi.fn();
    vi.stubEnv('MEMCACHE_SERVERS', list);
    const client = Client.create(undefined, { logger: { log } });
    vi.unstubAllEnvs();
    await new Promise<void>((resolve) => client.set('env', 'v', () => resolve(), 10));
    expect(String((await client.get('env')).value)).toBe('v');
    expect(log.mock.calls).toEqual([['MemJS SET: using deprecated call - arguments have changed']]);
    await client.quit();
  });

  it('answers a burst of any length, as memjs does', async () => {
    const client = Client.create(list, { ...SILENT, timeout: 2, retries: 1 });
    const calls = Array.from({ length: 60_000 }, (_, i) => i);
    const stored = await Promise.all(calls.map((i) => client.set(`burst${i % 500}`, String(i), { expires: 60 })));
    expect(stored.filter((isStored) => isStored !== true)).toEqual([]);
    const found = await Promise.all(calls.map((i) => client.get(`burst${i % 500}`)));
    expect(found.map(({ value }) => String(value))).toEqual(calls.map((i) => String(59_500 + (i % 500))));
    await client.quit();
  });

  it('does not mind a logger that throws', async () => {
    const log = (): never => {
      throw new Error('full disk');
    };
    const client = Client.create(list, { logger: { log } });
    await expect(client.get('')).rejects.toMatchObject({ code: 'ERR_INVALID_KEY' });
    await client.close();
  });

  it('has ended once it was closed, also for statistics, and ends twice without complaint', async () => {
    const client = Client.create(list, SILENT);
    await client.set('a', 'v');
    await client.quit();
    await client.close();
    const heard = vi.fn();
    client.stats(heard);
    client.get('a', heard);
    await vi.waitFor(() => expect(heard).toHaveBeenCalledTimes(4), 10_000);
    expect(heard.mock.calls.map(([error]) => error.code)).toEqual(Array(4).fill('ERR_CLOSED'));
    await expect(client.flush()).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  });

  it('lets calls under way finish on quit, and fails them at once on close', async () => {
    const [quitting, closing] = [Client.create(list, SILENT), Client.create(list, SILENT)];
    const finished = quitting.set('q', 'v');
    await quitting.quit();
    await expect(finished).resolves.toBe(true);
    const cut = closing.set('q', 'v');
    await closing.close();
    await expect(cut).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  });

  it('lets calls that wait for others of their key finish on quit, and fails them on close', async () => {
    const [quitting, closing] = [Client.create(list, SILENT), Client.create(list, SILENT)];
    await Promise.all([quitting.set('q', 'old'), closing.set('c', 'old')]);
    const all = [quitting.get('q'), quitting.set('q', 'new'), quitting.get('q'), quitting.delete('q')];
    await quitting.quit();
    await expect(quitting.get('q')).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    expect(await Promise.all(all)).toMatchObject([
      { value: Buffer.from('old') },
      true,
      { value: Buffer.from('new') },
      true,
    ]);
    const cut = [closing.get('c'), closing.set('c', 'new'), closing.increment('c', 1), closing.delete('c')];
    const outcomes = Promise.allSettled(cut);
    await closing.close();
    expect((await outcomes).map(({ status }) => status)).toEqual(Array(4).fill('rejected'));
  });

  it('proves itself to a server with SASL by whatever says how, and is told where it cannot', async () => {
    const sasl = { username: 'user', password: 'p:w@x' };
    const server = await startMemcached({ sasl });
    const address = `${server.host}:${server.port}`;
    try {
      vi.stubEnv('MEMCACHIER_USERNAME', sasl.username);
      vi.stubEnv('MEMCACHIER_PASSWORD', sasl.password);
      const byEnvironment = Client.create(address, SILENT);
      vi.unstubAllEnvs();
      const clients = [
        byEnvironment,
        Client.create(`${sasl.username}:${sasl.password}@${address}`, SILENT),
        Client.create(address, { ...SILENT, ...sasl }),
      ];
      for (const client of clients) {
        expect(await client.set('a', 'v')).toBe(true);
        expect(await client.append('a', 'w')).toBe(true);
        expect(String((await client.get('a')).value)).toBe('vw');
        expect(await client.flush()).toEqual({ [address]: true });
        await client.quit();
      }
      const stranger = Client.create(`user:wrong@${address}`, { ...SILENT, timeout: 0.1, retries: 1 });
      await expect(stranger.get('a')).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_/) });
      await stranger.close();
    } finally {
      await server.stop();
    }
  });

  it('with credentials in the environment serves from a server that knows no SASL', async () => {
    vi.stubEnv('MEMCACHE_USERNAME', 'user');
    vi.stubEnv('MEMCACHE_PASSWORD', 'secret');
    const client = Client.create(list, SILENT);
    vi.unstubAllEnvs();
    expect(await client.set('a', 'v')).toBe(true);
    expect(client.nodes().map(({ isConnected }) => isConnected)).toContain(true);
    await client.quit();
  });
});
