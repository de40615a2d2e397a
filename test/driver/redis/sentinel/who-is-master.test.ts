/** Who is taken for the master: scripted sentinels that contradict each other, are behind, or name a replica. */

import { readFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../../src/base/clock.js';
import { SentinelDriver } from '../../../../src/driver/redis/sentinel/sentinel-driver.js';
import { CacheError } from '../../../../src/errors.js';
import { listenOnFreePort } from '../../../../src/testing/servers/free-port.js';
import { startRedis } from '../../../../src/testing/servers/redis-server.js';
import type { TestServer } from '../../../../src/testing/servers/test-server.js';
import { tell } from '../../../staleness/support/held.js';
import { until } from '../../../staleness/support/until.js';
import { stopwatch } from '../../../support/stopwatch.js';

const HOST = '127.0.0.1';

/** What a scripted sentinel says; `undefined` of the port: it knows no such master. */
interface Word {
  port?: number | undefined;
  epoch?: number;
  isSilent?: boolean;
  isGone?: boolean;
}

async function sentinel(word: Word, tls?: { cert: Buffer; key: Buffer }): Promise<{ host: string; port: number }> {
  const speak = (socket: Socket): void => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      if (word.isGone === true) socket.destroy();
      if (word.isGone === true || word.isSilent === true) return;
      const { port, epoch = 0 } = word;
      for (const [question] of chunk.toString().matchAll(/GET-MASTER-ADDR-BY-NAME|\r\nMASTER\r\n/g)) {
        if (question.startsWith('GET')) socket.write(port === undefined ? '*-1\r\n' : bulks([HOST, `${port}`]));
        else if (port === undefined) socket.write('-ERR No such master with that name\r\n');
        else socket.write(bulks(['name', 'm', 'port', `${port}`, 'config-epoch', `${epoch}`, 'quorum', '2']));
      }
    });
  };
  const server: Server = tls === undefined ? createServer(speak) : createTlsServer(tls, speak);
  const port = await listenOnFreePort(server);
  onTestFinished(() => void server.close());
  return { host: HOST, port };
}

function bulks(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`;
}

async function redis(...args: string[]): Promise<TestServer> {
  const server = await startRedis({ args });
  onTestFinished(() => server.stop());
  return server;
}

async function driverOf(words: readonly Word[]): Promise<(limitMs?: number) => ReturnType<SentinelDriver['connect']>> {
  const sentinels = await Promise.all(words.map((word) => sentinel(word)));
  const driver = new SentinelDriver({ sentinels, masterName: 'm', clock: systemClock });
  return async (limitMs = 20_000) => {
    const connection = await driver.connect({ signal: AbortSignal.timeout(limitMs) });
    onTestFinished(() => connection.destroy(new CacheError('ERR_CLOSED', 'the test is over')));
    return connection;
  };
}

describe('the master', () => {
  it('is whom the highest number names, also where one that is behind answers first', async () => {
    const [old, present] = [await redis(), await redis()];
    const words = [{ port: old.port, epoch: 3 }, { port: present.port, epoch: 4 }, { isSilent: true }];
    const connect = await driverOf(words);
    const life = (await tell(present, 'INFO server', /run_id:\w+/)).match(/run_id:(\w+)/)?.[1] ?? '?';
    for (let i = 0; i < 3; i++) {
      const { incarnation } = await connect();
      expect(incarnation?.id).toContain(life);
      expect(incarnation?.isEmpty).toBe(false);
    }
  });

  it('is not the one before, though only a sentinel that is behind still answers', async () => {
    const [old, present] = [await redis(), await redis()];
    const words: Word[] = [{ port: old.port, epoch: 3 }, { port: present.port, epoch: 4 }, { isSilent: true }];
    const connect = await driverOf(words);
    await connect();
    (words[1] as Word).isGone = true;
    await expect(connect()).rejects.toMatchObject({
      reason: 'unreachable',
      message: expect.stringContaining('behind'),
    });
    (words[1] as Word).isGone = false;
    await connect();
  });

  it('is believed by its own word alone: a replica is refused, whoever names it', async () => {
    const replica = await redis('--replicaof', `${HOST} 1`);
    const connect = await driverOf([{ port: replica.port }]);
    await expect(connect()).rejects.toMatchObject({ reason: 'read-only', message: expect.stringContaining('is none') });
  });

  it('of another name is nobody', async () => {
    const connect = await driverOf([{}, {}]);
    await expect(connect()).rejects.toMatchObject({
      reason: 'unreachable',
      message: expect.stringContaining('No such master'),
    });
  });

  it('that another has replaced loses its connections though neither it nor anybody else cuts them', async () => {
    const [old, present] = [await redis(), await redis()];
    const words: Word[] = [
      { port: old.port, epoch: 1 },
      { port: old.port, epoch: 1 },
    ];
    const connect = await driverOf(words);
    const connection = await connect();
    let told: CacheError | undefined;
    connection.onClose = (error) => {
      told = error;
    };
    for (const word of words) Object.assign(word, { port: present.port, epoch: 2 });
    await until('it is seen', () => told !== undefined);
    expect(told).toMatchObject({ reason: 'lost', message: expect.stringContaining('another server') });
    expect(connection.isOpen).toBe(false);
    expect((await connect()).incarnation?.id).not.toBe(connection.incarnation?.id);
  });

  it('and the sentinels are reached with TLS, each by its own settings', async () => {
    const master = await startRedis({ tls: true, password: 'secret' });
    onTestFinished(() => master.stop());
    const { ca = '', certFile = '', keyFile = '' } = master.certificate ?? {};
    const secured = await sentinel({ port: master.port }, { cert: readFileSync(certFile), key: readFileSync(keyFile) });
    const outcome = (sentinel: { tls?: object }, tls: { ca?: string }) =>
      new SentinelDriver({
        ...{ sentinels: [secured], masterName: 'm', clock: systemClock, sentinel, tls },
        credentials: { password: 'secret' },
      })
        .connect({ signal: AbortSignal.timeout(20_000) })
        .then(
          (connection) => {
            connection.destroy(new CacheError('ERR_CLOSED', 'the test is over'));
            return 'connected';
          },
          ({ message }: Error) => message,
        );
    expect(await outcome({ tls: { ca } }, { ca })).toBe('connected');
    expect(await outcome({ tls: {} }, { ca })).toMatch(/no sentinel told.*SELF_SIGNED/);
    expect(await outcome({ tls: { ca } }, {})).toMatch(/^cannot connect.*SELF_SIGNED/);
  });

  it('behind sentinels that nobody can reach is unreachable in time', async () => {
    const connect = await driverOf([{ isSilent: true }, { isSilent: true }]);
    const ownMs = stopwatch();
    await expect(connect(200)).rejects.toMatchObject({ reason: 'unreachable' });
    expect(ownMs()).toBeLessThan(1_500);
  });
});
