/** add, replace, compareAndSet: `false` says that the condition did not hold, and nothing else. */

import { beforeAll, describe, expect, it } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { type Cache, createCache } from '../../src/index.js';
import { ALL_FLEETS, FLEETS, Fleet, MEMORY, MIXED, SASL } from './fleet.js';
import { SAMPLES } from './samples.js';

describe.each(ALL_FLEETS)('over $name', (kind) => {
  const fleet = Fleet.ofTests(kind);

  describe.each(SAMPLES)('with codec $codec', ({ codec, value }) => {
    let cache: Cache;

    beforeAll(async () => {
      cache = await fleet.open({ codec });
    });

    it('add stores only where there is nothing', async () => {
      expect(await cache.add('added', value(1))).toBe(true);
      expect(await cache.add('added', value(2))).toBe(false);
      expect(await cache.get('added')).toEqual(value(1));
      await cache.delete('added');
      expect(await cache.add('added', value(3))).toBe(true);
      expect(await cache.get('added')).toEqual(value(3));
    });

    it('of many adds at once exactly one succeeds, and its value stays', async () => {
      const caches = [cache, cache, await fleet.open({ codec, namespace: undefined })];
      const key = `raced ${codec} ${kind.name}`;
      const other = caches[2] as Cache;
      const won = await Promise.all(Array.from({ length: 20 }, (_, i) => other.add(key, value(i))));
      expect(won.filter(Boolean)).toHaveLength(1);
      expect(await other.get(key)).toEqual(value(won.indexOf(true)));
      await other.delete(key);
    });

    it('replace stores only where there is something', async () => {
      expect(await cache.replace('replaced', value(1))).toBe(false);
      expect(await cache.get('replaced')).toBeUndefined();
      await cache.set('replaced', value(1));
      expect(await cache.replace('replaced', value(2))).toBe(true);
      expect(await cache.get('replaced')).toEqual(value(2));
    });

    it('both take a time to live', async () => {
      await cache.add('short', value(1), { ttlMs: 30_000 });
      const left = await cache.ttl('short');
      if (left !== undefined) expect(left).toSatisfy((ms) => typeof ms === 'number' && ms <= 32_000 && ms > 25_000);
      expect(await cache.replace('short', value(2), { ttlMs: 'none' })).toBe(true);
      if (left !== undefined) expect(await cache.ttl('short')).toBe('none');
      expect(await cache.get('short')).toEqual(value(2));
    });

    it('are ordered with the other writes of the key', async () => {
      const outcomes = await Promise.all([
        cache.set('in order', value(1)),
        cache.add('in order', value(2)),
        cache.delete('in order'),
        cache.replace('in order', value(3)),
        cache.add('in order', value(4)),
        cache.replace('in order', value(5)),
      ]);
      expect(outcomes).toEqual([true, false, true, false, true, true]);
      expect(await cache.get('in order')).toEqual(value(5));
    });
  });
});

describe.each(FLEETS)('compareAndSet over $name', (kind) => {
  const fleet = Fleet.ofTests(kind);

  describe.each(SAMPLES)('with codec $codec', ({ codec, value }) => {
    let cache: Cache;

    beforeAll(async () => {
      cache = await fleet.open({ codec });
    });

    const versionOf = async (key: string): Promise<string> => {
      const version = (await cache.getEntry(key))?.version;
      if (version === undefined) throw new Error('the entry has no version');
      return version;
    };

    it('stores if the entry is still the one that was read', async () => {
      await cache.set('k', value(1));
      const version = await versionOf('k');
      expect(await cache.compareAndSet('k', value(2), version)).toBe(true);
      expect(await cache.get('k')).toEqual(value(2));
    });

    it('answers false once the entry was written, deleted, or never there', async () => {
      await cache.set('k', value(1));
      const version = await versionOf('k');
      await cache.set('k', value(2));
      expect(await cache.compareAndSet('k', value(3), version)).toBe(false);
      expect(await cache.get('k')).toEqual(value(2));
      await cache.delete('k');
      expect(await cache.compareAndSet('k', value(3), version)).toBe(false);
      expect(await cache.compareAndSet('never', value(3), version)).toBe(false);
      expect(await cache.get('never')).toBeUndefined();
    });

    it('of many with the same version one succeeds', async () => {
      await cache.set('k', value(0));
      const version = await versionOf('k');
      const won = await Promise.all(
        Array.from({ length: 10 }, (_, i) => cache.compareAndSet('k', value(i + 1), version)),
      );
      expect(won.filter(Boolean)).toHaveLength(1);
      expect(await cache.get('k')).toEqual(value(won.indexOf(true) + 1));
    });

    it('takes a time to live', async () => {
      await cache.set('k', value(1));
      expect(await cache.compareAndSet('k', value(2), await versionOf('k'), { ttlMs: 20_000 })).toBe(true);
      expect(await cache.ttl('k')).toSatisfy((ms) => typeof ms === 'number' && ms <= 22_000 && ms > 15_000);
    });
  });

  it('counts up without loss when many do so at once', async () => {
    const cache = await fleet.open<{ n: number }>();
    await cache.set('n', { n: 0 });
    const addOne = async (): Promise<void> => {
      for (;;) {
        const entry = await cache.getEntry('n');
        if (entry?.version === undefined) continue;
        if (await cache.compareAndSet('n', { n: entry.value.n + 1 }, entry.version)) return;
      }
    };
    await Promise.all(Array.from({ length: 10 }, addOne));
    expect(await cache.get('n')).toEqual({ n: 10 });
  });

  it('what is no version is refused, and a version of another node answers false', async () => {
    const cache = await fleet.open();
    await cache.set('k', 'v');
    for (const version of ['', 'a', 'a!b', 'a!b!c!d', '!!', '%!a!b', 'a!%zz!b', undefined, 5, null, {}]) {
      const refused = Reflect.apply(cache.compareAndSet, cache, ['k', 'new', version]) as Promise<boolean>;
      await expect(refused).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION', path: 'version' });
    }
    const version = await cache.getEntry('k').then((entry) => entry?.version ?? '');
    const [node, incarnation, token] = version.split('!');
    expect(await cache.compareAndSet('k', 'new', `other!${incarnation}!${token}`)).toBe(false);
    expect(await cache.compareAndSet('k', 'new', `${node}!other!${token}`)).toBe(false);
    expect(await cache.compareAndSet('k', 'new', `${node}!${incarnation}!x${token}`)).toBe(false);
    expect(await cache.get('k')).toBe('v');
    expect(await cache.compareAndSet('k', 'new', version)).toBe(true);
  });
});

describe('conditional writes that cannot be decided', () => {
  it('R10 a version of before a restart is worth nothing after it', async () => {
    const store = new MemoryNode({ name: 'a' });
    const cache = createCache({ nodes: [{ name: 'a', driver: createMemoryDriver({ name: 'a', store }) }] });
    await cache.ready();
    await cache.set('k', 'v1');
    const version = (await cache.getEntry('k'))?.version ?? '';
    store.restart({ data: 'keep' });
    await expect.poll(() => cache.nodes()[0]?.isConnected).toBe(true);
    await cache.set('k', 'v1');
    expect(await cache.compareAndSet('k', 'v2', version)).toBe(false);
    await cache.destroy();
  });

  it('throw whatever onUnavailable says, since people build locks on their false', async () => {
    for (const onUnavailable of ['degrade', 'throw'] as const) {
      const store = new MemoryNode({ name: 'a' });
      const cache = createCache({
        nodes: [{ name: 'a', driver: createMemoryDriver({ name: 'a', store }) }],
        onUnavailable,
        timeouts: { attemptMs: 50, totalMs: 100 },
      });
      await cache.ready();
      await cache.set('k', 'v');
      const version = (await cache.getEntry('k'))?.version ?? '';
      store.kill();
      for (const call of [
        () => cache.add('k', 'w'),
        () => cache.replace('k', 'w'),
        () => cache.compareAndSet('k', 'w', version),
        () => cache.increment('n'),
        () => cache.decrement('n'),
      ]) {
        await expect(call()).rejects.toMatchObject({
          code: expect.stringMatching(/^ERR_(UNAVAILABLE|INDETERMINATE)$/),
        });
      }
      await cache.destroy();
    }
  });

  it('are ERR_INDETERMINATE if the answer did not come, and the old value is no answer any more', async () => {
    const fleet = await Fleet.start(MEMORY);
    const cache = await fleet.open({ timeouts: { attemptMs: 60, totalMs: 100 }, fallback: false });
    await cache.set('k', 'old');
    for (const node of fleet.memory) node.dropReplies = true;
    await expect(cache.replace('k', 'new')).rejects.toMatchObject({
      code: 'ERR_INDETERMINATE',
      key: expect.any(String),
    });
    for (const node of fleet.memory) node.dropReplies = false;
    await expect.poll(() => cache.get('k')).not.toBe('old');
    await fleet.stop();
  });

  it('are refused clearly where the node cannot compare', async () => {
    const fleet = await Fleet.start(SASL);
    const cache = await fleet.open();
    await cache.set('k', 'v');
    const entry = await cache.getEntry('k');
    expect(entry).toMatchObject({ value: 'v', version: undefined });
    const node = entry?.node ?? '';
    const version = [node, cache.stats().nodes.length === 1 ? '' : 'x', '1'].map(encodeURIComponent).join('!');
    const outcome = await cache.compareAndSet('k', 'w', version).catch((error: unknown) => error);
    expect(outcome === false || (outcome instanceof Error && /compare/i.test(outcome.message))).toBe(true);
    await expect(cache.touch('k', 1_000)).rejects.toMatchObject({ code: 'ERR_NODE' });
    expect(await cache.get('k')).toBe('v');
    await fleet.stop();
  });

  it('both owners hold what a condition let through', async () => {
    const fleet = await Fleet.start(MIXED);
    const cache = await fleet.open();
    for (let i = 0; i < 20; i++) {
      const key = `both ${i}`;
      expect(await cache.add(key, { i })).toBe(true);
      expect(await cache.replace(key, { i, is: 'replaced' })).toBe(true);
    }
    expect(await fleet.entries()).toBeGreaterThanOrEqual(40);
    await fleet.servers[0]?.kill9();
    for (let i = 0; i < 20; i++) expect(await cache.get(`both ${i}`)).toEqual({ i, is: 'replaced' });
    await fleet.stop();
  });
});
