/** What is set, read and deleted, the same on every kind of node and with every codec. */

import { beforeAll, describe, expect, it } from 'vitest';
import type { Cache } from '../../src/index.js';
import { ALL_FLEETS, Fleet } from './fleet.js';
import { SAMPLES } from './samples.js';

describe.each(ALL_FLEETS)('over $name', (kind) => {
  const fleet = Fleet.ofTests(kind);

  describe.each(SAMPLES)('with codec $codec', ({ codec, value }) => {
    let cache: Cache;

    beforeAll(async () => {
      cache = await fleet.open({ codec });
    });

    it('get answers what set stored, the newest of it, and undefined for anything else', async () => {
      expect(await cache.get('newest')).toBeUndefined();
      expect(await cache.set('newest', value(1))).toBe(true);
      expect(await cache.set('newest', value(2))).toBe(true);
      expect(await cache.get('newest')).toEqual(value(2));
      expect(await cache.get('never set')).toBeUndefined();
    });

    it('answers every caller with a value of its own', async () => {
      await cache.set('own', value(3));
      const [one, two] = await Promise.all([cache.get('own'), cache.get('own')]);
      expect(one).toEqual(value(3));
      expect(two).toEqual(value(3));
      if (typeof one === 'object') expect(one).not.toBe(two);
    });

    it('takes the value as it is when set is called, whatever becomes of it afterwards', async () => {
      const given = value(4);
      const stored = cache.set('as given', given);
      if (Buffer.isBuffer(given)) given.fill(0);
      else if (typeof given === 'object' && given !== null) Object.assign(given, { name: 'changed' });
      expect(await stored).toBe(true);
      expect(await cache.get('as given')).toEqual(value(4));
    });

    it('another cache over the same nodes reads the same value', async () => {
      const { namespace } = { namespace: 'shared-by-two' };
      const [writer, reader] = [await fleet.open({ codec, namespace }), await fleet.open({ codec, namespace })];
      await writer.set('seen by both', value(5));
      expect(await reader.get('seen by both')).toEqual(value(5));
    });

    it('delete removes the entry, and says true as well where there is none', async () => {
      await cache.set('deleted', value(1));
      expect(await cache.delete('deleted')).toBe(true);
      expect(await cache.get('deleted')).toBeUndefined();
      expect(await cache.delete('deleted')).toBe(true);
    });

    it('has tells whether get would find something', async () => {
      await cache.set('there', value(1));
      expect(await cache.has('there')).toBe(true);
      expect(await cache.has('not there')).toBe(false);
    });

    it('calls on one key take effect in the order in which they were made', async () => {
      const outcomes = await Promise.all([
        cache.set('ordered', value(1)),
        cache.get('ordered'),
        cache.delete('ordered'),
        cache.get('ordered'),
        cache.set('ordered', value(2)),
        cache.set('ordered', value(3)),
        cache.get('ordered'),
      ]);
      // A read may see a write that was issued after it in the same turn, but never one that was overwritten before it.
      expect(outcomes.at(-1)).toEqual(value(3));
      expect(outcomes.filter((_, i) => i !== 1 && i !== 3 && i !== 6)).toEqual([true, true, true, true]);
      expect([value(1), undefined, value(2), value(3)]).toContainEqual(outcomes[1]);
      expect(outcomes[3]).not.toEqual(value(1));
      expect(await cache.get('ordered')).toEqual(value(3));
    });

    it('getEntry tells the value, where it came from and how long it lives', async () => {
      await cache.set('entry', value(6), { ttlMs: 60_000 });
      const entry = await cache.getEntry('entry');
      expect(entry).toMatchObject({ value: value(6), source: 'node', stale: false, ageMs: 0 });
      expect(entry?.node).toBe(cache.ring.owners('entry')[0]);
      if (kind.name !== 'memcached+sasl') expect(entry?.version).toEqual(expect.any(String));
      expect(await cache.getEntry('no entry')).toBeUndefined();
    });
  });
});
