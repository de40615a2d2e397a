/**
 * W6: a read overtakes a write of the same key: the write waits in one lane, the read goes by another, or by the next
 * batch.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { lanesOf } from './support/lanes.js';
import { testWay } from './support/way.js';
import { keysOf, type World } from './support/world.js';

const LARGE = { bytes: 200_000 };

/** The large write stands still on its way, while the lane of small calls is free; and the other way round. */
async function overtakingReads(world: World) {
  const proxy = await world.proxy(await world.server());
  const watched = await world.cache({
    nodes: [world.node('a', proxy)],
    timeouts: { attemptMs: 1_000, totalMs: 2_000 },
  });
  const [small, bulk] = await lanesOf(proxy, () => watched.set('large', LARGE));
  const keys = keysOf(watched.cache, 40);
  await Promise.all(keys.map((key) => watched.set(key)));
  await watched.read(keys);

  const turns: readonly [typeof small, () => Promise<unknown>, () => Promise<unknown>][] = [
    // Written in bulk, read among the small calls.
    [bulk, () => Promise.all(keys.map((key) => watched.set(key, LARGE))), () => watched.read(keys)],
    // Written among the small calls, read in bulk.
    [
      small,
      () => Promise.all(keys.map((key) => watched.set(key))),
      () => watched.read(keys, (key) => watched.cache.get(key, { lane: 'bulk' })),
    ],
    // Deleted behind the scenes, read among the small calls.
    [
      bulk,
      () => Promise.all(keys.slice(0, 5).map((key) => watched.delete(key, { lane: 'bulk' }))),
      () => watched.read(keys),
    ],
  ];
  for (const [connection, write, read] of turns) {
    connection.apply({ kind: 'hold' }, 'toNode');
    const writing = write();
    const reading = read();
    const nextBatch = sleep(5).then(read);
    await sleep(20);
    connection.apply({ kind: 'pass' }, 'toNode');
    await Promise.all([writing, reading, nextBatch]);
    await read();
  }
  return watched;
}

testWay({
  name: 'W6',
  says: 'a read overtakes a write of the same key',
  scenario: overtakingReads,
  hitShare: 0.9,
  caught: [{ rules: ['R1', 'R3'], because: 'since what an overtaking read brings lies below the floor' }],
});
