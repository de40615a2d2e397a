/**
 * W1: a node misses writes while it is out, then returns with the old values (twemproxy #604). Reads go to any owner in
 * turn, so the returned one is asked.
 */

import { testWay } from './support/way.js';
import { connected, disconnected, keysOf, paid, type World } from './support/world.js';

async function missedWhileOut(world: World) {
  const [first, second] = await Promise.all([world.server(), world.server()]);
  const proxy = await world.proxy(first);
  const watched = await world.cache({
    nodes: [world.node('a', proxy), world.node('b', second)],
    replication: 2,
    read: { prefer: 'any' },
    write: 'one',
  });
  const keys = keysOf(watched.cache, 100);
  await Promise.all(keys.map((key) => watched.set(key)));
  await watched.read(keys);

  proxy.refuse();
  proxy.reset();
  await disconnected(watched.cache, 'a');
  await Promise.all(keys.slice(0, 50).map((key) => watched.set(key)));
  await Promise.all(keys.slice(50, 60).map((key) => watched.delete(key)));
  await watched.read(keys);

  await proxy.heal();
  await connected(watched.cache);
  for (let turn = 0; turn < 2; turn++) await watched.read(keys);
  await paid(watched.cache);
  for (let turn = 0; turn < 2; turn++) await watched.read(keys);
  return watched;
}

testWay({
  name: 'W1',
  says: 'a node misses writes while it is out, then returns with the old values',
  scenario: missedWhileOut,
  hitShare: 0.9,
  caught: [{ rules: ['R3', 'R4-key'], because: 'since floor and debt each close it alone' }],
});
