/**
 * W7: a write overtakes a write: the small one lands before the large one that was issued earlier; a retry lands after a
 * newer write.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { held } from './support/held.js';
import { lanesOf } from './support/lanes.js';
import { until } from './support/until.js';
import { testWay } from './support/way.js';
import { connected, disconnected, keysOf, paid, type World } from './support/world.js';

const LARGE = { bytes: 200_000 };

async function smallBeforeLarge(world: World) {
  const proxy = await world.proxy(await world.server());
  const watched = await world.cache({
    nodes: [world.node('a', proxy)],
    timeouts: { attemptMs: 1_000, totalMs: 2_000 },
  });
  const [, bulk] = await lanesOf(proxy, () => watched.set('large', LARGE));
  const keys = keysOf(watched.cache, 20);
  await Promise.all(keys.map((key) => watched.set(key)));

  bulk.apply({ kind: 'hold' }, 'toNode');
  const large = keys.map((key) => watched.set(key, LARGE));
  const small = keys.map((key, i) => (i < 3 ? watched.delete(key) : watched.set(key)));
  await sleep(20);
  bulk.apply({ kind: 'pass' }, 'toNode');
  await Promise.all([...large, ...small]);
  await watched.read(keys);
  await watched.read(keys);
  return watched;
}

testWay({
  name: 'W7',
  says: 'a small write overtakes a large one',
  scenario: smallBeforeLarge,
  hitShare: 0.8,
  caught: [
    { codecs: ['string'], rules: ['R1'], because: 'which alone orders raw writes' },
    { codecs: ['json'], rules: ['R1', 'R3'], because: 'since the large one carries a stamp below the floor' },
  ],
});

/** The first write is lost with its connection and waits to be sent again; a newer one is confirmed meanwhile. */
async function retryAfterNewer(world: World) {
  const server = await world.server();
  const proxy = await world.proxy(server);
  const watched = await world.cache({
    nodes: [world.node('a', proxy)],
    timeouts: { connectMs: 1_000, attemptMs: 500, totalMs: 2_000 },
    retry: {
      attempts: 2,
      baseMs: 400,
      maxMs: 400,
      backoff: 'fixed',
      jitter: 'none',
      budget: { reservePerSecond: 1_000 },
    },
  });
  const keys = keysOf(watched.cache, 20);
  await Promise.all(keys.map((key) => watched.set(key)));

  proxy.apply({ kind: 'hold' }, 'toNode');
  const first = keys.map((key) => watched.set(key));
  const last = keys.at(-1) as string;
  const retried = watched.issued(last);
  await sleep(5);
  proxy.reset();
  await disconnected(watched.cache, 'a');
  await proxy.heal();
  await connected(watched.cache);
  await Promise.all(keys.map((key) => watched.set(key)));
  await paid(watched.cache);
  await Promise.all(keys.map((key) => watched.set(key)));
  if (world.disabled.has('R1')) await until('the retry has landed', async () => (await held(server, last)) === retried);
  await Promise.all(first);
  await watched.read(keys);
  await watched.read(keys);
  return watched;
}

testWay({
  name: 'W7',
  says: 'a retry of an older write lands after a newer one',
  scenario: retryAfterNewer,
  hitShare: 0.8,
  kinds: ['redis'],
  caught: [
    { codecs: ['string'], rules: ['R1'], because: 'which alone cancels retries of raw writes' },
    { codecs: ['json'], rules: ['R1', 'R3'], because: 'since the retry carries a stamp below the floor' },
  ],
});
