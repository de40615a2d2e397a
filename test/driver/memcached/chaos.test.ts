import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Operation } from '../../../src/driver/driver.js';
import { FaultProxy } from '../../../src/testing/fault-proxy/fault-proxy.js';
import type { StreamFault } from '../../../src/testing/fault-proxy/stream-fault.js';
import { askStore } from '../../../src/testing/promised-connection.js';
import { type Random, seededRandom } from '../../../src/testing/seeded-random.js';
import { startMemcached } from '../../../src/testing/servers/memcached-server.js';
import { at, connectMeta, given } from './connections.js';

let server: Awaited<ReturnType<typeof startMemcached>>;
let proxy: FaultProxy;

beforeAll(async () => {
  server = await startMemcached();
  proxy = await FaultProxy.start({ port: server.port });
});
afterAll(async () => {
  await proxy.close();
  await server.stop();
});

const OPERATIONS = 60;
const WATCHDOG_MS = 40;
const keyOf = (index: number): string => `chaos ${index}`;
const storedAt = (index: number): string => `${index}:${'v'.repeat(index * 37)}`;

function strike(random: Random): void {
  const offset = Math.floor(random() * 40_000);
  const faults: readonly StreamFault[] = [
    { kind: 'pass' },
    { kind: 'hold' },
    { kind: 'limit', bytes: offset },
    { kind: 'slicer', size: 1 + (offset % 500) },
    { kind: 'latency', ms: 1, jitterMs: 5 },
    { kind: 'bandwidth', bytesPerSecond: 100_000 },
    { kind: 'dropBytes', offset, count: 1 + (offset % 7) },
  ];
  const choice = Math.floor(random() * (faults.length + 2));
  if (choice === faults.length) setTimeout(() => proxy.fin(), 2);
  else if (choice === faults.length + 1) setTimeout(() => proxy.reset(), 2);
  else proxy.apply(faults[choice] ?? { kind: 'pass' }, random() < 0.7 ? 'toClient' : 'both');
}

describe('a connection under chaos', () => {
  it('A18: settles every operation once and in order, and never by a wrong value', async () => {
    const direct = await connectMeta({ address: at(server.port) });
    const indices = Array.from({ length: OPERATIONS }, (_, index) => index);
    await Promise.all(direct.sendAll(indices.map((index) => askStore(keyOf(index), storedAt(index)))));
    const wrong: string[] = [];
    let answered = 0;
    let failed = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const random = seededRandom(seed);
      const { connection } = await connectMeta({ address: at(proxy.port) });
      strike(random);
      const order: number[] = [];
      const operations = indices.map((index): Operation => {
        const settled = (isAnswer: boolean): void => {
          order.push(index);
          if (isAnswer) answered++;
          else failed++;
        };
        const fail = (): void => settled(false);
        const key = keyOf(index);
        if (index % 5 === 0) return { kind: 'touch', key, ttlMs: 0, done: () => settled(true), fail };
        return {
          kind: 'get',
          key,
          hit: (bytes, start, end) => {
            if (bytes.toString('latin1', start, end) !== storedAt(index)) wrong.push(`seed ${seed}: ${key}`);
            settled(true);
          },
          miss: () => {
            wrong.push(`seed ${seed}: ${key} was missed`);
            settled(true);
          },
          fail,
        };
      });
      for (let from = 0; from < OPERATIONS; from += 7) connection.send(operations.slice(from, from + 7));
      const watchdog = setTimeout(() => connection.destroy(given), WATCHDOG_MS);
      await expect.poll(() => order.length, { interval: 2 }).toBe(OPERATIONS);
      clearTimeout(watchdog);
      expect(order).toEqual(indices);
      connection.destroy(given);
      await proxy.heal();
    }
    expect(wrong).toEqual([]);
    expect(answered).toBeGreaterThan(500);
    expect(failed).toBeGreaterThan(500);
  });

  it('A13: a slow transfer shows by bytesRead that it is none that stands still', async () => {
    const direct = await connectMeta({ address: at(server.port) });
    await direct.store('slow', Buffer.alloc(200_000, 1));
    const call = await connectMeta({ address: at(proxy.port) });
    proxy.apply({ kind: 'bandwidth', bytesPerSecond: 500_000 }, 'toClient');
    const found = call.get('slow');
    const seen = new Set<number>();
    const watch = setInterval(() => seen.add(call.connection.bytesRead), 20);
    expect((await found)?.length).toBe(200_000);
    clearInterval(watch);
    expect(seen.size).toBeGreaterThan(2);
    await proxy.heal();
  });
});
