/**
 * Counters and whole numbers, which are bare digits, in a planned change of the ring: they move to their new first owner
 * alone, only added, and are deleted where they were only then (rule R11).
 */

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Cache } from '../../src/cache.js';
import { type Kind, Nodes } from './claim-nodes.js';

/** Migrations begin when the longest call from before has ended. */
const timeouts = { connectMs: 2_000, attemptMs: 150, totalMs: 300 };
/** As long as real servers may take to answer on a busy machine. */
const PATIENT = { connectMs: 10_000, attemptMs: 1_000, totalMs: 1_000 };
const timeoutsOf = (kind: Kind) => (kind === 'memory' ? timeouts : PATIENT);
const KEYS = Array.from({ length: 60 }, (_, i) => `n${i}`);

const ended = (cache: Cache<number>): Promise<unknown> =>
  new Promise((resolve) => cache.on('handoffFinished', resolve));

async function inMovedOf(cache: Cache<number>, change: () => Promise<void>): Promise<string[]> {
  const before = KEYS.map((key) => cache.ring.owners(key)[0]);
  await change();
  return KEYS.filter((key, i) => cache.ring.owners(key)[0] !== before[i]);
}

describe.each<Kind>(['memory', 'redis', 'memcached'])('counters on %s', (kind) => {
  let nodes: Nodes;
  let namespace = '';

  beforeAll(async () => {
    nodes = await Nodes.start(kind);
  });
  beforeEach(() => {
    namespace = `t-${randomUUID()}`;
  });
  afterEach(() => nodes.close());
  afterAll(() => nodes.stop());

  it('a migration moves them, with the life they have left, and leaves none behind', async () => {
    const cache = await nodes.cache<number>(2, { codec: 'json', namespace, timeouts: timeoutsOf(kind) });
    for (const [i, key] of KEYS.entries()) {
      if (i % 2 === 0) await cache.set(key, i, { ttlMs: 60_000 });
      else await cache.increment(key, i, { ttlMs: 60_000 });
    }
    const finished = ended(cache);
    const moved = await inMovedOf(cache, () => cache.addNode(nodes.node(2)));
    expect(moved.length).toBeGreaterThan(5);
    await finished;
    const joined = await nodes.connect(2);
    for (const key of moved) {
      expect((await joined.get(`${namespace}:${key}`))?.toString(), key).toBe(key.slice(1));
      for (const i of [0, 1])
        expect(await (await nodes.connect(i)).get(`${namespace}:${key}`), `${key} on ${i}`).toBeUndefined();
    }
    for (const [i, key] of KEYS.entries()) {
      expect(await cache.get(key), key).toBe(i);
      expect(await cache.ttl(key)).toSatisfy((ms) => typeof ms === 'number' && ms > 50_000 && ms <= 60_000);
      expect(await cache.increment(key), key).toBe(i + 1);
    }
  });

  it('loses no count while two changes run, whoever carries a counter', async () => {
    const cache = await nodes.cache<number>(2, { codec: 'json', namespace, timeouts: timeoutsOf(kind) });
    const counts = new Map<string, number>();
    let isRunning = true;
    const count = async (from: number): Promise<void> => {
      for (let i = from; isRunning; i = (i + 7) % 12) {
        const key = `n${i}`;
        await cache.increment(key);
        counts.set(key, (counts.get(key) ?? 0) + 1);
        await sleep(1);
      }
    };
    const counting = [0, 1, 2, 3, 4, 5].map(count);
    await sleep(20);
    await cache.addNode(nodes.node(2));
    await sleep(50);
    await cache.removeNode('a');
    isRunning = false;
    await Promise.all(counting);
    expect(counts.size).toBe(12);
    for (const [key, wanted] of counts) expect(await cache.get(key), key).toBe(wanted);
  });
});

describe.each<Kind>(['memory', 'redis', 'memcached'])('two processes on %s', (kind) => {
  it('count together, whoever comes first, at once too, and after one of them has moved everything', async () => {
    const nodes = await Nodes.start(kind);
    const options = { codec: 'json', namespace: 'two', timeouts: { ...timeoutsOf(kind), totalMs: 1_000 } } as const;
    const one = await nodes.cache<number>(1, { ...options, handoff: { migrate: false } });
    const other = await nodes.cache<number>(1, { ...options, timeouts: timeoutsOf(kind) });
    for (const key of KEYS) for (const each of [one, other, one]) await each.increment(key);
    other.handoff.pause();
    await Promise.all([one, other].map((each) => each.addNode(nodes.node(1))));
    other.handoff.pause();
    const moved = KEYS.filter((key) => one.ring.owners(key)[0] === 'b');
    const [first = '', second = '', ...rest] = moved;
    expect([await one.increment(first), await other.increment(first), await one.increment(first)]).toEqual([4, 5, 6]);
    expect([await other.increment(second), await one.increment(second)]).toEqual([4, 5]);
    const raced = rest.splice(0, 8);
    for (const key of raced) {
      const counted = await Promise.all([one, other, one, other].map((each) => each.increment(key)));
      expect(counted.sort(), key).toEqual([4, 5, 6, 7]);
    }
    const finished = ended(other);
    other.handoff.resume();
    await finished;
    for (const key of rest) expect(await one.increment(key), key).toBe(4);
    for (const key of raced) expect(await one.increment(key), key).toBe(8);
    await nodes.stop();
  });
});

describe('a counter of which copies stand on several owners', () => {
  it('is carried by its former first owner, and counts on from there', async () => {
    const nodes = await Nodes.start('memory');
    const cache = await nodes.cache<number>(2, { codec: 'json', namespace: 'n', timeouts, replication: 2 });
    for (const key of KEYS) {
      await cache.set(key, 5);
      expect(await cache.increment(key)).toBe(6);
    }
    cache.handoff.pause();
    const moved = await inMovedOf(cache, () => cache.addNode(nodes.node(2)));
    expect(moved.length).toBeGreaterThan(5);
    const [first = '', ...rest] = moved;
    expect(await cache.increment(first)).toBe(7);
    const finished = ended(cache);
    cache.handoff.resume();
    await finished;
    for (const key of rest) expect(await cache.increment(key), key).toBe(7);
    expect(await cache.increment(first)).toBe(8);
    await nodes.stop();
  });
});

describe('a counter that cannot be moved', () => {
  it('stays where it is while nobody knows what its former first owner holds', async () => {
    const nodes = await Nodes.start('memory');
    const cache = await nodes.cache<number>(1, { codec: 'json', namespace: 'n', timeouts });
    for (const key of KEYS) await cache.set(key, 5);
    const [store] = nodes.stores;
    // The look at an entry fails, the walk over the keys and deletes do not.
    store?.failWith('rejected', ['inspect']);
    const moved = await inMovedOf(cache, () => cache.addNode(nodes.node(1)));
    await sleep(timeouts.totalMs * 2);
    expect(store?.size).toBe(KEYS.length);
    store?.failWith(undefined);
    await expect.poll(() => store?.size).toBe(KEYS.length - moved.length);
    for (const key of KEYS) expect(await cache.get(key), key).toBe(5);
    await nodes.stop();
  });
});

describe('a counter of another process that moves to a node of which older entries do not count here', () => {
  it('counts there, and owes nobody anything in the end', async () => {
    const nodes = await Nodes.start('memory');
    const cache = await nodes.cache<number>(2, { codec: 'json', namespace: 'n', timeouts });
    const other = await nodes.cache<number>(2, { codec: 'json', namespace: 'n', timeouts });
    const [, store] = nodes.stores;
    await cache.setMany(KEYS.map((key) => [`x${key}`, 1] as const));
    store?.failWith('busy', ['delete']);
    await expect(cache.clear()).rejects.toMatchObject({ node: 'b' });
    store?.failWith(undefined);
    for (const key of KEYS) await other.increment(key, 5);
    const finished = ended(cache);
    const moved = await inMovedOf(cache, () => cache.reweight('a', 0.1));
    expect(moved.length).toBeGreaterThan(5);
    await finished;
    for (const key of moved) expect(await cache.get(key), key).toBe(5);
    await expect.poll(() => cache.stats().ledger).toMatchObject({ keyDebts: 0 });
    for (const key of moved) expect(await cache.increment(key), key).toBe(6);
    await nodes.stop();
  });
});
