/**
 * W12: a conditional write builds on a copy that must not be trusted: the node missed a delete or a write while it was
 * out, and nobody has paid for it yet. Reads here are judged by the answer of the condition.
 */

import { CacheError } from '../../src/index.js';
import { held } from './support/held.js';
import { until } from './support/until.js';
import { testWay } from './support/way.js';
import { connected, disconnected, keysOf, type World } from './support/world.js';

const EACH = 8;

async function onMissedWrites(world: World) {
  const proxy = await world.proxy(await world.server());
  // Nothing is paid by key, so that every debt still stands when the conditional write comes.
  const watched = await world.cache({ nodes: [world.node('a', proxy)], ledger: { maxPayable: 0 } });
  const { cache, stale } = watched;
  const groups = ['add', 'replace', 'count', 'compare', 'calm'].map((name) => keysOf(cache, EACH, undefined, name));
  const [added, replaced, counted, compared, calm] = groups as [string[], string[], string[], string[], string[]];
  await Promise.all([...added, ...replaced, ...compared, ...calm].map((key) => watched.set(key)));
  await Promise.all(counted.map((key) => cache.increment(key, 5)));
  const versions = await Promise.all(compared.map(async (key) => (await cache.getEntry(key))?.version ?? ''));

  proxy.refuse();
  proxy.reset();
  await disconnected(cache, 'a');
  await Promise.all([...added, ...replaced].map((key) => watched.delete(key)));
  await Promise.all(counted.map((key) => cache.delete(key)));
  await Promise.all(compared.map((key) => watched.set(key)));
  await proxy.heal();
  await connected(cache);

  // Nothing is in doubt here: on a machine too busy to answer these two reject, and the scenario is played again.
  await Promise.all(
    added.map(async (key) => {
      if (!(await cache.add(key, watched.next(key)))) stale.push(`add of ${key} was refused by what was deleted`);
    }),
  );
  await Promise.all(
    replaced.map(async (key) => {
      if (await told(cache.replace(key, watched.next(key)))) stale.push(`replace of ${key} found what was deleted`);
    }),
  );
  await Promise.all(
    counted.map(async (key) => {
      if ((await cache.increment(key)) !== 1) stale.push(`the count of ${key} went on from what was deleted`);
    }),
  );
  await Promise.all(
    compared.map(async (key, i) => {
      if (await told(cache.compareAndSet(key, watched.next(key), versions[i] ?? '')))
        stale.push(`compareAndSet of ${key} compared with what was overwritten`);
    }),
  );
  await watched.read([...added, ...calm, ...calm]);
  return watched;
}

/** `undefined` where the cache says that it cannot tell. */
async function told<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof CacheError && error.code === 'ERR_INDETERMINATE') return undefined;
    throw error;
  }
}

testWay({
  name: 'W12',
  says: 'a conditional write builds on a copy that must not be trusted',
  scenario: onMissedWrites,
  hitShare: 0.9,
  caught: [{ rules: ['R8'], because: 'which deletes first what does not count' }],
});

/** A write is on its way on a connection that was given up: it may land behind whatever the condition decides. */
async function behindAnAbandonedConnection(world: World) {
  const server = await world.server();
  const relay = await world.relay(server);
  const watched = await world.cache({ nodes: [world.node('a', relay)], ledger: { maxPayable: 0 } });
  const { cache } = watched;
  const [keys, calm] = [keysOf(cache, EACH), keysOf(cache, EACH * 4, undefined, 'calm')];
  await Promise.all([...keys, ...calm].map((key) => watched.set(key)));

  relay.freeze();
  await Promise.all(keys.map((key) => watched.set(key)));
  await until('the stalled connection is given up', () => relay.orphanedBytes > 0);
  await connected(cache);
  const last = keys.at(-1) as string;
  const old = watched.issued(last);
  let refused = 0;
  for (const key of keys) {
    const before = watched.issued(key);
    if (await told(cache.add(key, watched.next(key)))) continue;
    refused++;
    watched.withdraw(key, before);
  }
  relay.thaw();
  if (world.disabled.size > 0)
    await until('the old writes have landed', async () => (await held(server, last)) === old);
  if (world.kind === 'memcached' && world.disabled.size === 0 && refused !== keys.length)
    watched.stale.push('the cache was sure of what nobody could tell');
  await watched.read(keys);
  await watched.read(calm);
  return watched;
}

testWay({
  name: 'W12',
  says: 'a conditional write is followed by one on a connection that was given up',
  scenario: behindAnAbandonedConnection,
  hitShare: 0.7,
  caught: [{ codecs: ['string'], rules: ['R4-connection'], because: 'by which nobody is told what cannot be known' }],
});
