/** W4: a former owner keeps the keys of an arc that moved; the arc comes back with the leftovers in it, a year later. */

import { testWay } from './support/way.js';
import { keysOf, type World } from './support/world.js';

/** Nothing is carried over and nothing paid by key, so that the leftovers stay. */
async function arcComesBack(world: World, othersWritten: number) {
  const servers = await Promise.all([world.server(), world.server(), world.server()]);
  const [first, second, third] = servers as [(typeof servers)[0], (typeof servers)[0], (typeof servers)[0]];
  const watched = await world.cache({
    nodes: [world.node('a', first), world.node('b', second)],
    handoff: { migrate: false, windowMs: 20 },
    ledger: { maxPayable: 0, ...(othersWritten === 0 ? {} : { maxFloors: 64 }) },
  });
  const { cache } = watched;
  const keys = keysOf(cache, 60);
  await Promise.all(keys.map((key) => watched.set(key)));
  await watched.read(keys);

  await cache.addNode(world.node('c', third));
  cache.handoff.cancel();
  const moved = keys.filter((key) => cache.ring.owners(key)[0] === 'c');
  if (moved.length < 5) throw new Error('too few keys moved');
  await Promise.all(moved.map((key, i) => (i % 3 === 0 ? watched.delete(key) : watched.set(key))));
  await watched.read(moved.filter((_, i) => i % 3 !== 0));
  // A year passes.
  await Promise.all(keysOf(cache, othersWritten, undefined, 'other').map((key) => watched.set(key)));

  await cache.removeNode('c', { drain: false });
  cache.handoff.cancel();
  await watched.read(moved);
  await Promise.all(keys.map((key) => watched.set(key)));
  await watched.read(keys);
  return watched;
}

testWay({
  name: 'W4',
  says: 'an arc comes back to a former owner with the leftovers in it',
  scenario: (world) => arcComesBack(world, 0),
  hitShare: 0.7,
  caught: [{ rules: ['R3', 'R4-arc'], because: 'since floors and debts of arcs each close it alone' }],
});

testWay({
  name: 'W4',
  says: 'an arc comes back when all floors of its keys are gone',
  scenario: (world) => arcComesBack(world, 500),
  hitShare: 0.5,
  caught: [{ rules: ['R3-evicted', 'R4-arc'], because: 'which are left when floors are gone' }],
});
