/** Row G20: many keys in one call. Each key has its own outcome, and no key's mistake concerns another. */

import { describe, expect, it } from 'vitest';
import { ALL_FLEETS, Fleet, SASL } from '../cache/fleet.js';

describe.each(ALL_FLEETS)('many keys over $name', (kind) => {
  const fleet = Fleet.ofTests(kind);

  const operations = async (): Promise<number> => (kind === SASL ? 0 : fleet.operations());

  // Planted fault: answers matched to keys by position after duplicates were removed.
  it('G20 a key asked twice is answered to both, and found once', async () => {
    const cache = await fleet.open({ codec: 'string' });
    await cache.setMany({ a: '1', b: '2' });
    const found = await cache.getMany(['b', 'a', 'missing', 'a', 'b', 'missing', 'a']);
    expect(new Map(found)).toEqual(
      new Map([
        ['a', '1'],
        ['b', '2'],
      ]),
    );
    expect(found.failures.size).toBe(0);
    expect(await Promise.all([cache.get('a'), cache.get('a'), cache.get('b'), cache.get('a')])).toEqual([
      '1',
      '1',
      '2',
      '1',
    ]);
    const written = await cache.setMany([
      ['twice', 'first'],
      ['twice', 'last'],
    ]);
    expect(written.stored).toBe(1);
    expect(await cache.get('twice')).toBe('last');
    expect((await cache.deleteMany(['twice', 'twice', 'a'])).deleted).toBe(2);
  });

  // Planted fault: an empty MGET sent, which Redis refuses.
  it('G20 no keys are answered by nothing, without I/O', async () => {
    // Probes of caches of before would be counted, too.
    await fleet.closeCaches();
    const cache = await fleet.open({ health: false });
    const before = await operations();
    const found = await cache.getMany([]);
    expect([found.size, found.failures.size]).toEqual([0, 0]);
    for (const nothing of [[], new Map(), {}]) {
      expect(await cache.setMany(nothing)).toEqual({ stored: 0, failures: new Map() });
    }
    expect(await cache.deleteMany([])).toEqual({ deleted: 0, failures: new Map() });
    expect(await operations()).toBe(before);
  });

  // Planted fault: the first failure rejecting the whole call.
  it('G20 one bad key among a thousand is its own error', async () => {
    const cache = await fleet.open();
    const keys = Array.from({ length: 1_000 }, (_, i) => `key ${i}`);
    keys[500] = '\ud800';
    const stored = await cache.setMany(keys.map((key, i) => [key, { i }] as const));
    expect([stored.stored, [...stored.failures.keys()]]).toEqual([999, ['\ud800']]);
    expect(stored.failures.get('\ud800')).toMatchObject({ code: 'ERR_INVALID_KEY' });
    const found = await cache.getMany(keys);
    expect([found.size, [...found.failures.keys()]]).toEqual([999, ['\ud800']]);
    for (const [i, key] of keys.entries()) if (i !== 500) expect(found.get(key)).toEqual({ i });
    const deleted = await cache.deleteMany(keys);
    expect([deleted.deleted, [...deleted.failures.keys()]]).toEqual([999, ['\ud800']]);
  });

  it('G20 ten thousand keys of one call all find their value', async () => {
    const cache = await fleet.open();
    const entries = Array.from({ length: 10_000 }, (_, i) => [`many ${i}`, { i }] as const);
    expect((await cache.setMany(new Map(entries))).stored).toBe(10_000);
    const found = await cache.getMany(entries.map(([key]) => key));
    expect(found.size).toBe(10_000);
    expect(entries.filter(([key, { i }]) => (found.get(key) as { i: number } | undefined)?.i !== i)).toEqual([]);
  });
});
