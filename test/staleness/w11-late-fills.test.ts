/**
 * W11: what began before a write leaves its old value behind after it: in the near cache, in the fallback, or on the node
 * itself by way of a loader; or it is joined by a caller that came after the write.
 */

import { until } from './support/until.js';
import { testWay } from './support/way.js';
import { disconnected, keysOf, type World } from './support/world.js';

/** Reads are under way when the key is written; their answers come afterwards. */
async function readsUnderWay(world: World) {
  const proxy = await world.proxy(await world.server());
  const watched = await world.cache({
    nodes: [world.node('a', proxy)],
    near: { ttlMs: 60_000 },
    fallback: {},
    timeouts: { attemptMs: 1_000, totalMs: 2_000 },
  });
  const keys = keysOf(watched.cache, 30);
  const [written, deleted] = [keys.slice(0, 10), keys.slice(10, 15)];
  await Promise.all(keys.map((key) => watched.set(key)));

  proxy.apply({ kind: 'hold' }, 'toClient');
  const under = watched.read(keys);
  await new Promise((resolve) => setImmediate(resolve));
  const writes = [...written.map((key) => watched.set(key)), ...deleted.map((key) => watched.delete(key))];
  await proxy.heal();
  await Promise.all([under, ...writes]);
  await watched.read(keys);
  await watched.read(keys);

  // Nobody can be asked any more: near cache and fallback are all there is.
  proxy.refuse();
  proxy.reset();
  await disconnected(watched.cache, 'a');
  await watched.read(keys);
  await watched.read(keys, async (key) => (await watched.cache.getEntry(key))?.value);
  return watched;
}

testWay({
  name: 'W11',
  says: 'a read that began before a write fills near cache and fallback after it',
  scenario: readsUnderWay,
  hitShare: 0.8,
  caught: [{ rules: ['R2'], because: 'which ends what began before a write' }],
});

/** Loaders run when the key is written; what they bring was true before. */
async function loadersUnderWay(world: World, lease: boolean) {
  const watched = await world.cache({ nodes: [world.node('a', await world.server())] });
  const keys = keysOf(watched.cache, 30);
  const [written, deleted, calm] = [keys.slice(0, 10), keys.slice(10, 20), keys.slice(20)];
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  let running = 0;
  const loading = keys.map((key) => {
    const load = watched.loader(key, gate);
    const counted: typeof load = (context) => {
      running++;
      return load(context);
    };
    return watched.cache.getOrSet(key, counted, { lease });
  });
  await until('all loaders run', () => running === keys.length);
  await Promise.all([...written.map((key) => watched.set(key)), ...deleted.map((key) => watched.delete(key))]);

  // Whoever comes after the delete must not be given what a loader began to make before it.
  const joining = watched.read(deleted, (key) => watched.cache.getOrSet(key, watched.loader(key), { lease }));
  open();
  await Promise.all([...loading, joining]);
  await watched.read(keys);
  await watched.read(calm);
  return watched;
}

testWay({
  name: 'W11',
  says: 'a loader that began before a write is joined after it, or its value stored',
  scenario: (world) => loadersUnderWay(world, false),
  hitShare: 0.8,
  caught: [{ rules: ['R2'], because: 'which ends what began before a write' }],
});

testWay({
  name: 'W11',
  says: 'a loader that began before a write is joined after it, or its value stored under a lease',
  scenario: (world) => loadersUnderWay(world, true),
  hitShare: 0.8,
  caught: [{ rules: ['R2', 'R9'], because: 'since the lease, which a write ends, closes it too' }],
});
