/**
 * W5, with two processes: a copy of an old value is on its way here when the other process deletes the key, and lands after.
 * Within one process W11 shows the same for loaders and reads.
 */

import { held, tell } from './support/held.js';
import { otherProcesses } from './support/other-process.js';
import { until } from './support/until.js';
import { testWay } from './support/way.js';
import { keysOf, type World } from './support/world.js';

const startOther = otherProcesses();
const PATIENT = { timeouts: { connectMs: 1_000, attemptMs: 2_000, totalMs: 4_000 }, replication: 2 } as const;

async function copyUnderWay(world: World) {
  const [first, second] = await Promise.all([world.server(), world.server()]);
  const proxy = await world.proxy(first);
  const watched = await world.cache({ nodes: [world.node('a', proxy), world.node('b', second)], ...PATIENT });
  const { cache } = watched;
  const other = await startOther(world, { nodes: [world.node('a', first), world.node('b', second)], ...PATIENT });
  const [keys, calm] = [keysOf(cache, 8, 'a'), keysOf(cache, 40, undefined, 'calm')];
  await Promise.all([...keys, ...calm].map((key) => watched.set(key)));
  // One owner has lost them, as it may lose anything.
  for (const key of keys) await tell(first, world.kind === 'redis' ? `DEL ${key}` : `md ${key}`, /\r\n/);

  // Copies find their value on the other owner, and are stuck before they are stored.
  const carries = keys.map((key) => Buffer.from(`${key}#`));
  proxy.apply({ kind: 'mute', holds: (piece) => carries.some((each) => piece.includes(each)) }, 'toNode');
  await watched.read(keys);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await Promise.all(
    keys.map((key) => {
      watched.next(key);
      return other.delete(key);
    }),
  );
  await proxy.heal();
  if (world.disabled.size > 0)
    await until('a copy has landed', async () =>
      (await Promise.all(keys.map((key) => held(first, key)))).some((one) => one !== undefined),
    );
  else await new Promise((resolve) => setTimeout(resolve, 50));
  await watched.read(keys, (key) => other.get(key));
  await watched.read(calm, (key) => other.get(key));
  return watched;
}

testWay({
  name: 'W5',
  says: 'a copy of an old value lands after another process has deleted the key',
  scenario: copyUnderWay,
  hitShare: 0.7,
  caught: [
    { codecs: ['string'], rules: ['R9'], because: 'by which a delete ends what a copy needs to land' },
    { codecs: ['json'], rules: ['R9', 'R3'], because: 'since the stamp gives away a copy that landed' },
  ],
});
