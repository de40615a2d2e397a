/** Calls of one turn for one node travel together; each keeps its own outcome and its own deadline. */

import { connect } from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Cache } from '../../src/index.js';
import type { TestServer } from '../../src/testing/servers/test-server.js';
import { stopwatch } from '../support/stopwatch.js';
import { refusalOf } from './every-call.js';
import { commandStats, Fleet, MEMCACHED, REDIS } from './fleet.js';

/** Commands that the server carried out while `work` ran, by name. */
async function commandsDuring(server: TestServer, work: () => Promise<unknown>): Promise<Record<string, number>> {
  const before = await commandStats(server);
  await work();
  const after = await commandStats(server);
  const counts: Record<string, number> = {};
  for (const [name, calls] of after) {
    const more = calls - (before.get(name) ?? 0);
    if (more > 0 && name !== 'info') counts[name] = more;
  }
  return counts;
}

/** What MONITOR tells while `work` runs: commands with their words. */
async function monitored(server: TestServer, work: () => Promise<unknown>): Promise<string[][]> {
  const socket = connect(server.port, server.host);
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  socket.write('MONITOR\r\n');
  await expect.poll(() => text.startsWith('+OK')).toBe(true);
  await work();
  socket.write('PING\r\n');
  await expect.poll(() => /"PING"/.test(text)).toBe(true);
  socket.destroy();
  const lines = text.split('\r\n').filter((line) => line.includes('] "'));
  return lines.map((line) =>
    [...line.slice(line.indexOf('] ') + 2).matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((m) => m[1] ?? ''),
  );
}

describe('over Redis', () => {
  const fleet = Fleet.ofTests(REDIS);
  let cache: Cache;
  let server: TestServer;

  beforeAll(async () => {
    server = fleet.server('redis');
    cache = await fleet.open({ health: false, codec: 'string', namespace: 'n' });
  });

  it('the gets of one turn are one MGET, whoever asks', async () => {
    const keys = Array.from({ length: 100 }, (_, i) => `k${i}`);
    await cache.setMany(keys.map((key) => [key, key] as const));
    const counts = await commandsDuring(server, async () => {
      const single = keys.slice(0, 50).map((key) => cache.get(key));
      const many = cache.getMany(keys.slice(50));
      const has = cache.has('k99');
      expect(await Promise.all(single)).toEqual(keys.slice(0, 50));
      expect([...(await many).values()]).toEqual(keys.slice(50));
      expect(await has).toBe(true);
    });
    expect(counts).toEqual({ mget: 1 });
  });

  it('gets of different turns are different requests', async () => {
    const counts = await commandsDuring(server, async () => {
      for (let i = 0; i < 3; i++) await cache.get('k1');
    });
    expect(counts).toEqual({ mget: 3 });
  });

  it('a key asked by many callers of one turn is asked once', async () => {
    await cache.set('hot', 'value');
    const commands = await monitored(server, async () => {
      const answers = await Promise.all([
        ...Array.from({ length: 1_000 }, () => cache.get('hot')),
        cache.get('cold'),
        ...Array.from({ length: 1_000 }, () => cache.get('hot')),
      ]);
      expect(answers.filter((answer) => answer === 'value')).toHaveLength(2_000);
      expect(answers[1_000]).toBeUndefined();
    });
    expect(commands.filter(([name]) => name === 'MGET')).toEqual([['MGET', 'n:hot', 'n:cold']]);
  });

  it('a batch holds at most 512 keys, and every key is in one', async () => {
    const keys = Array.from({ length: 2_000 }, (_, i) => `b${i}`);
    await cache.setMany(keys.map((key) => [key, key] as const));
    const commands = await monitored(server, async () => {
      const answers = await Promise.all(keys.map((key) => cache.get(key)));
      expect(answers).toEqual(keys);
    });
    const batches = commands.filter(([name]) => name === 'MGET').map((words) => words.slice(1));
    expect(Math.max(...batches.map(({ length }) => length))).toBeLessThanOrEqual(512);
    expect(batches.length).toBeLessThanOrEqual(8);
    expect(batches.flat().sort()).toEqual(keys.map((key) => `n:${key}`).sort());
  });

  it('writes of one turn travel in order before its reads, one command each', async () => {
    const commands = await monitored(server, async () => {
      const calls = [cache.set('w1', 'a'), cache.get('w1'), cache.delete('w2'), cache.get('w2'), cache.set('w3', 'b')];
      expect(await Promise.all(calls)).toEqual([true, 'a', true, undefined, true]);
    });
    expect(commands.map(([name, ...rest]) => [name, rest[0]]).filter(([name]) => name !== 'PING')).toEqual(
      [
        ['SET', 'n:w1'],
        ['UNLINK', 'n:w2'],
        ['SET', 'n:w3'],
        ['MGET', 'n:w1'],
      ].concat([]),
    );
    expect(commands.find(([name]) => name === 'MGET')).toEqual(['MGET', 'n:w1', 'n:w2']);
  });

  it('a get that a set of its key overtakes is answered with the new value or the old, never with a miss', async () => {
    await cache.set('behind', 'before');
    const [read, written, after] = await Promise.all([
      cache.get('behind'),
      cache.set('behind', 'after'),
      cache.get('behind'),
    ]);
    expect(['before', 'after']).toContain(read);
    expect([written, after]).toEqual([true, 'after']);
  });

  it('each caller of a batch has its own deadline', async () => {
    const own = await fleet.open({
      health: false,
      codec: 'string',
      onUnavailable: 'throw',
      fallback: false,
      breaker: false,
      timeouts: { connectMs: 10_000, attemptMs: 10_000, totalMs: 10_000 },
    });
    await own.set('k', 'v');
    await server.pause();
    const [ownMs, startedAt] = [stopwatch(), performance.now()];
    const endings = [60, 120, 180].map(async (timeoutMs) => {
      const { code } = await refusalOf(own.get('k', { timeoutMs }));
      return { code, earlyMs: timeoutMs - (performance.now() - startedAt), lateMs: ownMs() - timeoutMs };
    });
    const patient = own.get('k', { timeoutMs: 9_000 });
    for (const { code, earlyMs, lateMs } of await Promise.all(endings)) {
      expect(code).toBe('ERR_TIMEOUT');
      expect(earlyMs).toBeLessThanOrEqual(1);
      expect(lateMs).toBeLessThan(60);
    }
    server.resume();
    expect(await patient).toBe('v');
  });
});

describe('over memcached', () => {
  it('a key asked by many callers of one turn is asked once', async () => {
    const fleet = await Fleet.start(MEMCACHED);
    const cache = await fleet.open({ health: false, codec: 'string' });
    await cache.setMany({ hot: 'value', other: 'value' });
    const before = await fleet.operations();
    const answers = await Promise.all([
      ...Array.from({ length: 1_000 }, () => cache.get('hot')),
      cache.get('other'),
      cache.getMany(['hot', 'other', 'hot']).then((found) => found.get('other')),
    ]);
    expect(answers.every((answer) => answer === 'value')).toBe(true);
    expect((await fleet.operations()) - before).toBe(2);
    await fleet.stop();
  });
});
