/**
 * W3: a stand-in keeps copies from an outage; the owner is ejected again later, and they resurface. Nothing is paid by key,
 * so that they are still there.
 */

import { testWay } from './support/way.js';
import { ejected, keysOf, QUICK_HEALTH, readmitted, type World } from './support/world.js';

async function copiesOfAnOutage(world: World) {
  const servers = await Promise.all([world.server(), world.server(), world.server()]);
  const [first, second, third] = servers as [(typeof servers)[0], (typeof servers)[0], (typeof servers)[0]];
  const proxy = await world.proxy(first);
  const watched = await world.cache({
    nodes: [world.node('a', proxy), world.node('b', second), world.node('c', third)],
    health: QUICK_HEALTH,
    handoff: { migrate: false, windowMs: 20 },
    ledger: { maxPayable: 0 },
  });
  const { cache } = watched;
  const [keys, calm] = [keysOf(cache, 30, 'a'), keysOf(cache, 30, 'b', 'calm')];
  await Promise.all([...keys, ...calm].map((key) => watched.set(key)));

  await ejected(cache, 'a', proxy);
  await Promise.all(keys.map((key) => watched.set(key)));
  await watched.read(keys);
  await readmitted(cache, 'a', proxy);
  cache.handoff.cancel();
  await Promise.all([
    ...keys.slice(0, 20).map((key) => watched.set(key)),
    ...keys.slice(20).map((key) => watched.delete(key)),
  ]);
  await watched.read(keys.slice(0, 20));

  await ejected(cache, 'a', proxy);
  // The stand-ins are asked for what they had in the first outage.
  await watched.read(keys.slice(0, 5));
  await watched.read(keys.slice(20));
  await Promise.all(keys.map((key) => watched.set(key)));
  await watched.read([...keys, ...calm]);
  return watched;
}

testWay({
  name: 'W3',
  says: 'a stand-in keeps copies from an outage, which resurface in the next',
  scenario: copiesOfAnOutage,
  hitShare: 0.7,
  caught: [
    { rules: ['R3', 'R4-arc'], because: 'since floors and the arcs that stand-ins gave back each close it alone' },
  ],
});
