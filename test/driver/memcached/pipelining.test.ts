import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Operation } from '../../../src/driver/driver.js';
import type { CacheError } from '../../../src/errors.js';
import { FaultProxy } from '../../../src/testing/fault-proxy/fault-proxy.js';
import { askGet, askStore } from '../../../src/testing/promised-connection.js';
import { seededRandom } from '../../../src/testing/seeded-random.js';
import { askOnce } from '../../../src/testing/servers/ask-once.js';
import { startMemcached } from '../../../src/testing/servers/memcached-server.js';
import { stopwatch } from '../../support/stopwatch.js';
import { at, connectMeta, given } from './connections.js';

let server: Awaited<ReturnType<typeof startMemcached>>;

beforeAll(async () => {
  server = await startMemcached();
});
beforeEach(() => askOnce(server, 'flush_all\r\n', (answer) => answer.endsWith('\r\n')));
afterAll(() => server.stop());

const connect = (port = server.port) => connectMeta({ address: at(port) });

describe('pipelining', () => {
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

  it('A1: a killed server fails what is owed at once', async () => {
    const killed = await startMemcached();
    const call = await connect(killed.port);
    await killed.pause();
    const results = Promise.allSettled(call.sendAll(Array.from({ length: 200 }, (_, index) => askGet(`${index}`))));
    await sleep(10);
    await killed.kill9();
    const ownMs = stopwatch();
    for (const result of await results) expect(result).toMatchObject({ reason: { reason: 'lost' } });
    expect(ownMs()).toBeLessThan(1_000);
    await killed.stop();
  });
});
