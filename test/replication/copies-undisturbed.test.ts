/** Copies and what has nothing to do with them: writes of other keys, and connections that were given up. */

import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { xxh32 } from '../../src/ring/hash.js';
import { keyOf, Nodes, settled } from './claim-nodes.js';
import { Gate } from './gated-driver.js';

const timeouts = { connectMs: 1_000, attemptMs: 300, totalMs: 400 };

/** A key whose writes cannot be told from those of `key` by its generation. */
function inBucketOf(key: string, namespace: string): string {
  const bucket = (each: string): number => xxh32(`${namespace}:${each}`) & 0xffff;
  for (let i = 0; ; i++) if (bucket(`beside-${i}`) === bucket(key)) return `beside-${i}`;
}

describe('a migration', () => {
  it('deletes nothing that it did not copy because another key was written at that moment', async () => {
    const nodes = await Nodes.start('memory');
    const gate = new Gate();
    const cache = await nodes.cache(1, {
      codec: 'json',
      namespace: 'n',
      gate,
      timeouts: { ...timeouts, attemptMs: 2_000 },
    });
    const keys = Array.from({ length: 20 }, (_, i) => `k${i}`);
    for (const key of keys) await cache.set(key, 'v');
    const finished = new Promise((resolve) => cache.on('handoffFinished', resolve));
    gate.shut();
    await cache.addNode(nodes.node(1));
    const moved = keys.filter((key) => cache.ring.owners(key)[0] === 'b');
    expect(moved.length).toBeGreaterThan(2);
    await expect.poll(() => gate.held).toBe(moved.length);
    for (const key of moved) await cache.set(inBucketOf(key, 'n'), 'beside');
    gate.open();
    await finished;
    for (const key of keys) expect(await cache.get(key), key).toBe('v');
    await nodes.stop();
  });
});

describe('a copy without a lease', () => {
  it('that a node carries out after its connection was given up does not come back behind a delete', async () => {
    const nodes = await Nodes.start('memory');
    const gate = new Gate();
    const options = { codec: 'string', namespace: 'n', timeouts, replication: 2, rules: ['R9'] } as const;
    const cache = await nodes.cache(2, { ...options, gate });
    const key = keyOf(cache);
    const [store] = nodes.stores;
    const first = await nodes.connect(0);
    await cache.set(key, 'old');
    // Copies have connections of their own, which the first one opens.
    await first.delete(`n:${key}`);
    expect(await cache.get(key)).toBe('old');
    await expect.poll(() => cache.stats().calls.repairs).toBe(1);
    await first.delete(`n:${key}`);
    gate.shut();
    expect(await cache.get(key)).toBe('old');
    await expect.poll(() => gate.held).toBe(1);
    const connections = store?.openConnections ?? 0;
    store?.hang();
    gate.open();
    // Silence ends the connection that the copy was sent on.
    await expect.poll(() => store?.openConnections).toBeLessThan(connections);
    store?.resume({ keepAbandoned: true });
    await expect.poll(() => cache.delete(key)).toBe(true);
    store?.runAbandoned();
    for (let i = 0; i < 3; i++) expect(await cache.get(key)).toBeUndefined();
    await nodes.stop();
  });
});

describe('a value that another process has set at the new owner', () => {
  it('is not put over by what this one finds at the former owner', async () => {
    const nodes = await Nodes.start('memory');
    const options = { codec: 'json', namespace: 'n', timeouts } as const;
    const one = await nodes.cache(1, options);
    const other = await nodes.cache(1, { ...options, handoff: { migrate: false } });
    const keys = Array.from({ length: 20 }, (_, i) => `k${i}`);
    for (const key of keys) await one.set(key, 'old');
    await Promise.all([one.addNode(nodes.node(1)), other.addNode(nodes.node(1))]);
    const [key = ''] = keys.filter((each) => one.ring.owners(each)[0] === 'b');
    // What the other owes the former owner is paid late.
    nodes.stores[0]?.failWith('busy', ['delete']);
    expect(await other.set(key, 'new')).toBe(true);
    expect(await one.get(key)).toBeDefined();
    await settled(one);
    await sleep(timeouts.totalMs * 2);
    expect(await other.get(key)).toBe('new');
    nodes.stores[0]?.failWith(undefined);
    await nodes.stop();
  });
});
