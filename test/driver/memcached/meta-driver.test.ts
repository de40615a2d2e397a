import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Connection, Operation } from '../../../src/driver/driver.js';
import { MetaConnection } from '../../../src/driver/memcached/meta-connection.js';
import { createMetaDriver } from '../../../src/driver/memcached/meta-driver.js';
import { type CacheError, NodeError } from '../../../src/errors.js';
import { FaultProxy } from '../../../src/testing/fault-proxy/fault-proxy.js';
import { askGet, askStore, PromisedConnection } from '../../../src/testing/promised-connection.js';
import { seededRandom } from '../../../src/testing/seeded-random.js';
import { startMemcached } from '../../../src/testing/servers/memcached-server.js';

type Server = Awaited<ReturnType<typeof startMemcached>>;

const given = new NodeError('lost', 'the test is over');
const connections: Connection[] = [];
let server: Server;

beforeAll(async () => {
  server = await startMemcached();
});
afterAll(() => server.stop());
afterEach(() => {
  for (const connection of connections.splice(0)) connection.destroy(given);
});

async function connect(port = server.port) {
  const driver = createMetaDriver({ address: { host: '127.0.0.1', port } });
  const connection = await driver.connect({ signal: AbortSignal.timeout(2000) });
  connections.push(connection);
  return new PromisedConnection(connection);
}

async function statistic(call: PromisedConnection, name: string): Promise<number> {
  const lines = (await call.raw('stats')) as string[];
  return Number(lines.find((line) => line.startsWith(`STAT ${name} `))?.split(' ')[2]);
}

describe('a connection to a memcached', () => {
  it('G3: takes any characters in keys, each key its own entry, and executes nothing but what was sent', async () => {
    const call = await connect();
    const keys = Array.from({ length: 256 }, (_, code) => `k${String.fromCharCode(code)}\r\nflush_all`);
    const before = await statistic(call, 'cmd_set');
    await Promise.all(call.sendAll(keys.map((key, index) => askStore(key, `${index}`))));
    const found = await Promise.all(call.sendAll(keys.map(askGet)));
    expect(found.map(String)).toEqual(keys.map((_, index) => `${index}`));
    expect((await statistic(call, 'cmd_set')) - before).toBe(256);
    expect(await statistic(call, 'cmd_flush')).toBe(0);
    expect(await Promise.all(keys.map((key) => call.delete(key)))).not.toContain(false);
  });

  it('G1: lets no value out behind a header that the server would refuse, at every length around the limit', async () => {
    const call = await connect();
    await call.store('canary', 'alive');
    const flush = 'flush_all\r\n';
    for (const fill of ['k', ' ', '\n', 'é', '日']) {
      const unit = Buffer.byteLength(fill);
      for (let length = 184; length <= 192; length++) {
        const key = fill.repeat(Math.floor(length / unit)) + 'k'.repeat(length % unit);
        expect(Buffer.byteLength(key)).toBe(length);
        const isTaken = length <= 186 || (length === 187 && fill !== ' ' && fill !== '\n');
        const stored = call.store(key, flush);
        if (isTaken) {
          await expect(stored).resolves.toBe(true);
          expect(String(await call.get(key))).toBe(flush);
        } else await expect(stored).rejects.toMatchObject({ code: 'ERR_INVALID_KEY' });
      }
    }
    expect(String(await call.get('canary'))).toBe('alive');
    expect(await statistic(call, 'cmd_flush')).toBe(0);
    await expect(call.store('', flush)).rejects.toMatchObject({ code: 'ERR_INVALID_KEY' });
  });

  it('finds one entry under the plain and the base64 form of a key', async () => {
    const call = await connect();
    expect(await call.raw('ma', Buffer.from('plain').toString('base64'), 'b', 'N0', 'J7', 'v')).toEqual(
      Buffer.from('7'),
    );
    expect(String(await call.get('plain'))).toBe('7');
    expect(await call.delete('plain')).toBe(true);
  });

  it('G9, G10: brings back any bytes under any key', async () => {
    const call = await connect();
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }),
        fc.uint8Array(),
        async (key, array) => {
          const value = Buffer.from(array);
          expect(await call.store(key, value)).toBe(true);
          expect(await call.get(key)).toEqual(value);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('settles 1,000 mixed operations of one send in order and as a model does', async () => {
    const call = await connect();
    const model = new Map<string, string>();
    const random = seededRandom(7);
    const order: number[] = [];
    const outcomes: unknown[] = [];
    const expected: unknown[] = [];
    const operations: Operation[] = Array.from({ length: 1000 }, (_, index) => {
      const settle = (outcome: unknown): void => {
        order.push(index);
        outcomes[index] = outcome;
      };
      const key = `mixed ${Math.floor(random() * 23)}`;
      const fail = (error: CacheError): void => settle(error);
      const text = `${index}\r\n`.repeat(index % 50);
      switch (Math.floor(random() * 5)) {
        case 0:
          model.set(key, text);
          expected[index] = true;
          return { kind: 'store', key, mode: 'set', bytes: Buffer.from(text), ttlMs: 0, done: settle, fail };
        case 1:
          expected[index] = model.delete(key);
          return { kind: 'delete', key, done: settle, fail };
        case 2:
          expected[index] = !model.has(key);
          if (!model.has(key)) model.set(key, text);
          return { kind: 'store', key, mode: 'add', bytes: Buffer.from(text), ttlMs: 60_000, done: settle, fail };
        case 3:
          expected[index] = model.has(key);
          return { kind: 'touch', key, ttlMs: 90_000, done: settle, fail };
        default:
          expected[index] = model.get(key);
          return {
            kind: 'get',
            key,
            hit: (bytes, start, end) => settle(bytes.toString('utf8', start, end)),
            miss: () => settle(undefined),
            fail,
          };
      }
    });
    call.connection.send(operations);
    expect(call.connection.owed).toBe(1000);
    expect(order).toEqual([]);
    await expect.poll(() => order.length).toBe(1000);
    expect(order).toEqual(Array.from({ length: 1000 }, (_, index) => index));
    expect(outcomes).toEqual(expected);
    expect(expected.filter((outcome) => typeof outcome === 'string').length).toBeGreaterThan(50);
  });

  it('A14: works the same where both directions come byte by byte', async () => {
    const proxy = await FaultProxy.start({ port: server.port });
    try {
      const call = await connect(proxy.port);
      proxy.apply({ kind: 'slicer', size: 1 });
      const values = ['', '\r\n', 'EN\r\nHD\r\n', 'VA 1 O1000\r\nx\r\n', 'x'.repeat(500)];
      const stored = call.sendAll(values.map((value, index) => askStore(`slice ${index}`, value)));
      expect(await Promise.all(stored)).toEqual(values.map(() => true));
      const found = await Promise.all(call.sendAll(values.map((_, index) => askGet(`slice ${index}`))));
      expect(found.map(String)).toEqual(values);
      expect(await call.count('sliced', -1, { initial: 100 })).toBe(100);
      expect(await call.count('sliced', -1)).toBe(99);
      expect(String(await call.get('sliced'))).toBe('99');
    } finally {
      await proxy.close();
    }
  });

  it('A15: answers no wrong value where a byte of the stream is garbled or lost', async () => {
    const proxy = await FaultProxy.start({ port: server.port });
    try {
      const direct = await connect();
      const keys = Array.from({ length: 20 }, (_, index) => `garbled ${index}`);
      for (const key of keys) await direct.store(key, `value of ${key}`);
      let refused = 0;
      for (let offset = 0; offset < 200; offset += 7) {
        const call = await connect(proxy.port);
        proxy.apply({ kind: 'dropBytes', offset, count: 1 + (offset % 3) }, 'toClient');
        const results = await Promise.allSettled(call.sendAll(keys.map(askGet)));
        for (const [index, result] of results.entries()) {
          if (result.status === 'rejected') refused++;
          else expect(String(result.value)).toBe(`value of ${keys[index]}`);
        }
        proxy.apply({ kind: 'pass' });
        call.connection.destroy(given);
      }
      expect(refused).toBeGreaterThan(100);
    } finally {
      await proxy.close();
    }
  });

  it('G11: knows the largest value, sends it, and refuses one byte more without a word to the server', async () => {
    const call = await connect();
    const largest = call.connection.maxValueBytes ?? 0;
    expect(largest).toBe(1_048_576 - 246);
    for (const key of ['k', 'k'.repeat(187)]) {
      const most = largest + 187 - key.length;
      expect(await call.store(key, Buffer.alloc(most, 1))).toBe(true);
      const sets = await statistic(call, 'cmd_set');
      await expect(call.store(key, Buffer.alloc(most + 1, 2))).rejects.toMatchObject({
        code: 'ERR_VALUE_TOO_LARGE',
        key,
      });
      expect(await statistic(call, 'cmd_set')).toBe(sets);
      expect((await call.get(key))?.equals(Buffer.alloc(most, 1))).toBe(true);
    }
  });

  it('reads values of 16 MB in time that grows with their size, not with its square', async () => {
    const large = await startMemcached({ args: ['-I', '64m', '-m', '512'] });
    try {
      const call = await connect(large.port);
      const timeOf = async (size: number): Promise<number> => {
        const value = Buffer.alloc(size, 7);
        expect(await call.store('large', value)).toBe(true);
        let best = Number.POSITIVE_INFINITY;
        for (let round = 0; round < 3; round++) {
          const start = performance.now();
          const found = await call.get('large');
          best = Math.min(best, performance.now() - start);
          expect(found?.equals(value)).toBe(true);
        }
        return best;
      };
      const small = await timeOf(2_000_000);
      expect(await timeOf(16_000_000)).toBeLessThan(Math.max(40, small) * 8 * 3);
    } finally {
      await large.stop();
    }
  });

  it('B9: tells a value that the server itself finds too large; the old one is gone, the connection serves on', async () => {
    const call = await connect();
    const { connection } = call;
    if (!(connection instanceof MetaConnection)) throw new TypeError('another connection');
    await call.store('k', 'old');
    // As for a server that keeps its limit to itself.
    connection.limit(Number.POSITIVE_INFINITY, 10 ** 7);
    const [refused, after] = call.sendAll<unknown>([
      askStore('k', Buffer.alloc(2_000_000)) as never,
      askGet('k') as never,
    ]);
    await expect(refused).rejects.toMatchObject({ code: 'ERR_VALUE_TOO_LARGE', key: 'k' });
    await expect(after).resolves.toBeUndefined();
  });

  it('B1: a full server refuses writes as full and goes on serving', async () => {
    const full = await startMemcached({ args: ['-M', '-m', '4'] });
    try {
      const call = await connect(full.port);
      const results = await Promise.allSettled(
        call.sendAll(Array.from({ length: 200 }, (_, index) => askStore(`k${index}`, Buffer.alloc(100_000)))),
      );
      const refusals = results.filter((result) => result.status === 'rejected');
      expect(refusals.length).toBeGreaterThan(10);
      for (const refusal of refusals) expect(refusal.reason).toMatchObject({ reason: 'full' });
      expect(call.connection.isOpen).toBe(true);
      expect((await call.get('k0'))?.length).toBe(100_000);
    } finally {
      await full.stop();
    }
  });

  it('G13: refuses times to live that are none', async () => {
    const call = await connect();
    for (const ttlMs of [Number.NaN, -1, Number.POSITIVE_INFINITY]) {
      for (const refused of [
        call.store('t', 'v', { ttlMs }),
        call.touch('t', ttlMs),
        call.count('t', 1, { initial: 1, ttlMs }),
      ])
        await expect(refused).rejects.toMatchObject({ reason: 'rejected' });
    }
  });

  it('G14, G16: keeps times to live, the shortest and the longest', async () => {
    const call = await connect();
    const left = async (ttlMs: number): Promise<number> => {
      await call.store('t', 'v', { ttlMs });
      return (await call.inspect('t', false))?.ttlMs ?? -1;
    };
    expect(await left(0)).toBe(0);
    expect(await left(1)).toBeLessThanOrEqual(1000);
    for (const days of [29, 30, 31, 400]) {
      const ttlMs = days * 86_400_000;
      expect(Math.abs((await left(ttlMs)) - ttlMs)).toBeLessThanOrEqual(2000);
    }
    expect(await left(1000 * 365 * 86_400_000)).toBeGreaterThan(400 * 86_400_000);
  });

  it('takes a token that is none of its own for one that does not match', async () => {
    const call = await connect();
    await call.store('c', '1');
    for (const token of ['', '0', '00', 'abc', '-1', '1 ME', '999999999999999999999', '1\r\nflush_all'])
      expect(await call.store('c', '2', { mode: 'compare', token })).toBe(false);
    expect(await call.store('c', '2', { mode: 'compare' })).toBe(false);
    expect(String(await call.get('c'))).toBe('1');
  });

  it('raw: answers a line, a value, or a list of lines, in turn with everything else', async () => {
    const call = await connect();
    await call.store('r', 'value\r\n');
    const [get, version, value, stats, miss, after] = await Promise.all([
      call.get('r'),
      call.raw('version'),
      call.raw('mg', 'r', 'v', 's'),
      call.raw('stats', 'settings'),
      call.raw('mg', 'none', 'v'),
      call.get('r'),
    ]);
    expect(String(get)).toBe('value\r\n');
    expect(version).toMatch(/^VERSION 1\./);
    expect(value).toEqual(Buffer.from('value\r\n'));
    expect(stats).toContain('STAT cas_enabled yes');
    expect(miss).toBe('EN');
    expect(String(after)).toBe('value\r\n');
    await call.store('n', '5');
    expect(await call.raw('incr', 'n', '7')).toBe('12');
    expect(await call.raw('incr', 'none', '7')).toBe('NOT_FOUND');
    await expect(call.raw('incr', 'n', 'x')).rejects.toMatchObject({ reason: 'rejected' });
    await expect(call.raw('watch')).rejects.toMatchObject({ reason: 'rejected' });
    await expect(call.raw('mg', 'k\r\nflush_all')).rejects.toMatchObject({ reason: 'rejected' });
    expect(String(await call.get('r'))).toBe('value\r\n');
  });

  it('B7: a server without room for another connection is named as such', async () => {
    const crowded = await startMemcached({ args: ['-c', '60'] });
    try {
      const crowd: Connection[] = [];
      const outcome = (async () => {
        for (;;) crowd.push((await connect(crowded.port)).connection);
      })();
      await expect(outcome).rejects.toMatchObject({ code: 'ERR_NODE', reason: 'too-many-clients' });
      expect(crowd.length).toBeGreaterThan(0);
      crowd[0]?.destroy(given);
      await expect
        .poll(() =>
          connect(crowded.port).then(
            () => true,
            () => false,
          ),
        )
        .toBe(true);
    } finally {
      await crowded.stop();
    }
  });

  it('R6: the incarnation changes with a restart, and only then; empty is told only where it is proven', async () => {
    const restarted = await startMemcached();
    try {
      const first = await connect(restarted.port);
      const second = await connect(restarted.port);
      expect(first.connection.incarnation?.isEmpty).toBe(true);
      expect(second.connection.incarnation).toEqual(first.connection.incarnation);
      await first.store('k', 'v');
      expect((await connect(restarted.port)).connection.incarnation).toEqual({
        id: first.connection.incarnation?.id,
        isEmpty: false,
      });
      await restarted.restart();
      const { incarnation } = (await connect(restarted.port)).connection;
      expect(incarnation?.id).not.toBe(first.connection.incarnation?.id);
      expect(incarnation?.isEmpty).toBe(true);
    } finally {
      await restarted.stop();
    }
  });

  it('R4: knows of an abandoned connection whether it is gone', async () => {
    const abandoned = await connect();
    const later = await connect();
    const id = abandoned.connection.id ?? '';
    expect(id).toMatch(/^tcp:127\.0\.0\.1:\d+$/);
    expect(await later.connection.ensureGone(id)).toBe(false);
    abandoned.connection.destroy(given);
    expect(await later.connection.ensureGone(id)).toBe(true);
    expect(await later.connection.ensureGone(later.connection.id ?? '')).toBe(false);
  });

  it('R4: believes no list of connections in which it does not stand itself', async () => {
    const proxy = await FaultProxy.start({ port: server.port });
    try {
      const call = await connect(proxy.port);
      expect(call.connection.id).toBeUndefined();
      expect(await call.connection.ensureGone('tcp:127.0.0.1:1')).toBe(false);
    } finally {
      await proxy.close();
    }
  });

  it('A1: a killed server fails what is owed at once', async () => {
    const killed = await startMemcached();
    const call = await connect(killed.port);
    await killed.pause();
    const results = Promise.allSettled(call.sendAll(Array.from({ length: 200 }, (_, index) => askGet(`${index}`))));
    await sleep(10);
    await killed.kill9();
    const start = performance.now();
    for (const result of await results) expect(result).toMatchObject({ reason: { reason: 'lost' } });
    expect(performance.now() - start).toBeLessThan(50);
    await killed.stop();
  });
});
