/**
 * W5 across processes, rule R9: a copy is stuck between its look at the source and its store, and somebody else acts. Two
 * caches that know nothing of each other stand for two processes.
 */

import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StalenessRule } from '../../src/base/staleness-rules.js';
import { askOnce } from '../../src/testing/servers/ask-once.js';
import type { TestServer } from '../../src/testing/servers/test-server.js';
import { COPYING, keyOf, NAMES, Nodes, settled } from './claim-nodes.js';
import { Gate } from './gated-driver.js';

describe.each(COPYING)('copies on %s with codec %s', (kind, codec) => {
  let nodes: Nodes;
  let namespace = '';
  let gate = new Gate();

  beforeAll(async () => {
    nodes = await Nodes.start(kind);
  });
  beforeEach(() => {
    namespace = `t-${randomUUID()}`;
    gate = new Gate();
  });
  afterEach(() => nodes.close());
  afterAll(() => nodes.stop());

  /** A copy of `key` by one process is stuck, its claim at the primary taken; the other knows the key too. */
  async function stuckRepair(rules: readonly StalenessRule[] = []) {
    const one = await nodes.cache(2, { codec, namespace, replication: 2, gate, rules });
    const other = await nodes.cache(2, { codec, namespace, replication: 2, rules });
    const key = keyOf(one);
    expect(await other.set(key, 'old')).toBe(true);
    const primary = await nodes.connect(0);
    const wireKey = `${namespace}:${key}`;
    await primary.delete(wireKey);
    gate.shut();
    expect(await one.get(key)).toBe('old');
    await expect.poll(() => gate.held).toBe(1);
    return { one, other, key, primary, wireKey };
  }

  it('a repair that nobody disturbs lands, and leaves no lease behind', async () => {
    const { one, key, primary, wireKey } = await stuckRepair();
    gate.open();
    await expect.poll(() => one.stats().calls.repairs).toBe(1);
    expect(await primary.get(wireKey)).toBeDefined();
    expect(await one.get(key)).toBe('old');
    await primary.delete(wireKey);
    expect(typeof (await primary.lease(wireKey))).toBe('object');
  });

  it('a delete by another process between look and store wins', async () => {
    const { one, other, key, primary, wireKey } = await stuckRepair();
    expect(await other.delete(key)).toBe(true);
    gate.open();
    await settled(one);
    expect(await primary.get(wireKey)).toBeUndefined();
    expect(one.stats().calls.repairs).toBe(0);
    expect(await other.get(key)).toBeUndefined();
    expect(await one.get(key)).toBeUndefined();
  });

  it('without rule R9 the deleted value comes back: the test would notice', async () => {
    const { one, other, key, primary, wireKey } = await stuckRepair(['R9']);
    expect(await other.delete(key)).toBe(true);
    gate.open();
    await expect.poll(() => one.stats().calls.repairs).toBe(1);
    expect(await primary.get(wireKey)).toBeDefined();
  });

  it('a set by another process between look and store wins', async () => {
    const { one, other, key } = await stuckRepair();
    expect(await other.set(key, 'new')).toBe(true);
    gate.open();
    await settled(one);
    expect(await one.get(key)).toBe('new');
    expect(await other.get(key)).toBe('new');
    expect(one.stats().calls.repairs).toBe(0);
  });

  it('clear by another process between look and store wins', async () => {
    const { one, other, primary, wireKey } = await stuckRepair();
    await other.clear();
    gate.open();
    await settled(one);
    expect(await primary.get(wireKey)).toBeUndefined();
  });

  it('a standing lease is in no caller’s way, and no key of anybody', async () => {
    const { other, key } = await stuckRepair();
    const told: string[] = [];
    for await (const each of other.keys()) told.push(each);
    expect(told).toEqual([key]);
    await other.delete(key);
    expect(await other.has(key)).toBe(false);
    const primary = await nodes.connect(0);
    for (const [name, act, result] of [
      ['add', (k: string) => other.add(k, 'v'), true],
      ['replace', (k: string) => other.replace(k, 'v'), false],
      ['touch', (k: string) => other.touch(k, 5_000), false],
      ['increment', (k: string) => other.increment(k, 1, { initial: 4 }), 4],
      ['get', (k: string) => other.get(k), undefined],
      ['has', (k: string) => other.has(k), false],
    ] as const) {
      const owned = NAMES.map((_, i) => `${name}${i}`).find((each) => other.ring.owners(each)[0] === 'a') ?? name;
      await primary.lease(`${namespace}:${owned}`);
      expect(await act(owned), name).toBe(result);
    }
    gate.open();
  });

  it('of two processes that repair one key, one copies, and both go on', async () => {
    const { one, other, key, primary, wireKey } = await stuckRepair();
    expect(await other.get(key)).toBe('old');
    await settled(other);
    expect(await primary.get(wireKey)).toBeUndefined();
    gate.open();
    await expect.poll(() => one.stats().calls.repairs).toBe(1);
    expect(other.stats().calls.repairs).toBe(0);
    expect(await other.get(key)).toBe('old');
  });

  it('a copy forward in a hand-off does not bring back what another process deletes', async () => {
    const one = await nodes.cache(2, { codec, namespace, gate });
    const other = await nodes.cache(2, { codec, namespace });
    const keys = Array.from({ length: 40 }, (_, i) => `k${i}`);
    for (const key of keys) await other.set(key, 'old');
    one.handoff.pause();
    await Promise.all([one.addNode(nodes.node(2, gate)), other.addNode(nodes.node(2))]);
    one.handoff.pause();
    other.handoff.pause();
    const moved = keys.filter((key) => one.ring.owners(key)[0] === 'c').slice(0, 3);
    expect(moved.length).toBe(3);
    gate.shut();
    for (const key of moved) expect(await one.get(key)).toBe('old');
    await expect.poll(() => gate.held).toBe(3);
    const [gone = '', kept = '', newer = ''] = moved;
    expect(await other.delete(gone)).toBe(true);
    expect(await other.set(newer, 'new')).toBe(true);
    gate.open();
    await expect.poll(() => one.stats().calls.repairs).toBe(1);
    await settled(one);
    const joined = await nodes.connect(2);
    expect(await joined.get(`${namespace}:${gone}`)).toBeUndefined();
    expect(await joined.get(`${namespace}:${kept}`)).toBeDefined();
    for (const cache of [one, other]) {
      expect(await cache.get(gone)).toBeUndefined();
      expect(await cache.get(kept)).toBe('old');
      expect(await cache.get(newer)).toBe('new');
      cache.handoff.cancel();
    }
  });
});

describe('bare values on memcached', () => {
  let nodes: Nodes;
  const namespace = `t-${randomUUID()}`;

  beforeAll(async () => {
    nodes = await Nodes.start('memcached');
  });
  afterEach(() => nodes.close());
  afterAll(() => nodes.stop());

  it('are read through and never copied: no other client ever meets an empty entry', async () => {
    const cache = await nodes.cache(2, { codec: 'string', namespace, replication: 2 });
    const key = keyOf(cache);
    await cache.set(key, 'v');
    const wireKey = `${namespace}:${key}`;
    await (await nodes.connect(0)).delete(wireKey);
    for (let i = 0; i < 3; i++) expect(await cache.get(key)).toBe('v');
    await settled(cache);
    const { host, port } = nodes.servers[0] as TestServer;
    expect(await askOnce({ host, port }, `get ${wireKey}\r\n`, (answer) => answer.includes('END'))).toMatch(/^END/);
    expect(cache.stats().calls.repairs).toBe(0);
  });

  it('stay with their former owner when the ring changes, and are read there', async () => {
    const cache = await nodes.cache(2, { codec: 'string', namespace });
    const keys = Array.from({ length: 40 }, (_, i) => `m${i}`);
    for (const key of keys) await cache.set(key, 'v');
    await cache.addNode(nodes.node(2));
    const moved = keys.filter((key) => cache.ring.owners(key)[0] === 'c');
    expect(moved.length).toBeGreaterThan(0);
    for (let i = 0; i < 2; i++) for (const key of keys) expect(await cache.get(key)).toBe('v');
    const joined = await nodes.connect(2);
    for (const key of moved) expect(await joined.get(`${namespace}:${key}`)).toBeUndefined();
    cache.handoff.cancel();
  });
});
