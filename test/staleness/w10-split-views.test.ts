/**
 * W10, with two processes: they disagree who owns a key. The other one has written to the stand-in, this one later to the
 * owner; then this one loses the owner too, and finds what the other wrote.
 */

import { otherProcesses } from './support/other-process.js';
import { until } from './support/until.js';
import { testWay } from './support/way.js';
import { ejected, keysOf, QUICK_HEALTH, type World } from './support/world.js';

const startOther = otherProcesses();

async function splitView(world: World) {
  const servers = await Promise.all([world.server(), world.server(), world.server()]);
  const [first, second, third] = servers as [(typeof servers)[0], (typeof servers)[0], (typeof servers)[0]];
  const [ours, theirs] = await Promise.all([world.proxy(first), world.proxy(first)]);
  const others = [world.node('b', second), world.node('c', third)];
  const watched = await world.cache({ nodes: [world.node('a', ours), ...others], health: QUICK_HEALTH });
  const { cache } = watched;
  const other = await startOther(world, { nodes: [world.node('a', theirs), ...others], health: QUICK_HEALTH });
  const [keys, calm] = [keysOf(cache, 20, 'a'), keysOf(cache, 30, 'b', 'calm')];
  await Promise.all([...keys, ...calm].map((key) => watched.set(key)));

  theirs.refuse();
  theirs.reset();
  await until('the other has ejected the owner', async () => (await other.stateOf('a')) === 'ejected');
  await Promise.all(keys.map((key) => other.set(key, watched.next(key))));
  // What another process wrote may be read, and need not.
  await watched.read(calm);
  await Promise.all(keys.map((key) => watched.set(key)));
  await watched.read(keys);

  await ejected(cache, 'a', ours);
  await watched.read(keys);
  await Promise.all(keys.slice(0, 10).map((key) => watched.set(key)));
  await watched.read([...keys.slice(0, 10), ...calm]);
  return watched;
}

testWay({
  name: 'W10',
  says: 'two processes disagree who owns a key',
  scenario: splitView,
  hitShare: 0.7,
  caught: [{ rules: ['R3'], because: "below which nobody else's copy counts" }],
});
