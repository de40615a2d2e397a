/** A write overtakes reads that were on their way to the old place. */

import { expect, it } from 'vitest';
import { fromMemjs, KEYS, scene } from './still-time.js';

it.each(['json', 'string'] as const)(
  'a read that a write overtakes between the two places finds what was written, codec %s',
  async (codec) => {
    const world = scene(['a', 'b', 'c', 'd']);
    for (const store of world.stores.values()) store.latencyMs = () => 5;
    const cache = await world.open({ ...fromMemjs(world, { ramp: 100 }), codec });
    const old = await world.open({ nodes: world.nodes(['a', 'b', 'c']), placement: 'npm-memjs', codec });
    await world.done(old.setMany(KEYS.map((key) => [key, 'before'] as const)));
    const reads = KEYS.map((key) => cache.get(key));
    // Before the new place has answered.
    await world.clock.advance(2);
    const writes = KEYS.map((key) => cache.set(key, 'after'));
    const values = await world.done(Promise.all(reads));
    await world.done(Promise.all(writes));
    expect(values.filter((value) => value === undefined)).toEqual([]);
    await world.end();
  },
);
