/**
 * W8: a write on a connection that we gave up is executed later, after a newer write that went by another connection.
 */

import { held } from './support/held.js';
import { until } from './support/until.js';
import { testWay } from './support/way.js';
import { connected, keysOf, type World } from './support/world.js';

/**
 * What the kernel of a stopped node does, in the order that hurts: the old connection's writes land after newer ones were
 * confirmed on the new connection.
 */
async function zombieConnection(world: World) {
  const server = await world.server();
  const relay = await world.relay(server);
  // Nothing is paid by key: payments that wait behind the old writes would take what those leave with them.
  const watched = await world.cache({ nodes: [world.node('a', relay)], ledger: { maxPayable: 0 } });
  const calm = keysOf(watched.cache, 60, undefined, 'calm');
  const keys = keysOf(watched.cache, 20);
  await Promise.all([...calm, ...keys].map((key) => watched.set(key)));
  await watched.read([...calm, ...keys]);

  relay.freeze();
  await Promise.all(keys.map((key) => watched.set(key)));
  const old = watched.issued(keys.at(-1) as string);
  await until('the stalled connection is given up', () => relay.orphanedBytes > 0);
  await connected(watched.cache);
  await Promise.all(keys.slice(0, 10).map((key) => watched.set(key)));
  await Promise.all(keys.slice(10).map((key) => watched.delete(key)));
  await watched.read([...calm, ...keys]);

  relay.thaw();
  if (world.kind === 'memcached' || world.disabled.has('R4-connection'))
    await until('the old writes have landed', async () => (await held(server, keys.at(-1) as string)) === old);
  await watched.read([...calm, ...keys]);
  await watched.read(calm);
  return watched;
}

testWay({
  name: 'W8',
  says: 'writes of a connection that was given up land after newer ones',
  scenario: zombieConnection,
  hitShare: 0.7,
  caught: [
    { codecs: ['string'], rules: ['R4-connection'], because: 'which alone knows of late raw writes' },
    {
      codecs: ['json'],
      rules: ['R3', 'R4-key', 'R4-connection'],
      because: 'since what lands late carries a stamp below the floor, and without floors no confirmation pays a debt',
    },
  ],
});

/**
 * The real thing: the server is stopped with our writes in its kernel's buffers, we reset the connection, and when it goes
 * on it executes them. What was written meanwhile could not be sent.
 */
async function stoppedServer(world: World) {
  const server = await world.server();
  const watched = await world.cache({ nodes: [world.node('a', server)] });
  const calm = keysOf(watched.cache, 60, undefined, 'calm');
  const keys = keysOf(watched.cache, 20);
  await Promise.all([...calm, ...keys].map((key) => watched.set(key)));
  await watched.read([...calm, ...keys]);

  await server.pause();
  await Promise.all(keys.map((key) => watched.set(key)));
  const old = watched.issued(keys.at(-1) as string);
  await until('the stalled connection is given up', () =>
    watched.cache.nodes().every(({ isConnected }) => !isConnected),
  );
  await Promise.all(keys.slice(0, 10).map((key) => watched.set(key)));
  await Promise.all(keys.slice(10).map((key) => watched.delete(key)));
  server.resume();
  if (world.disabled.size > 0)
    await until('the old writes have landed', async () => (await held(server, keys.at(-1) as string)) === old);
  await connected(watched.cache);
  await watched.read([...calm, ...keys]);
  await watched.read([...calm, ...keys]);
  await watched.read(calm);
  return watched;
}

testWay({
  name: 'W8',
  says: 'a stopped server drains its old sockets when it goes on',
  scenario: stoppedServer,
  hitShare: 0.7,
  caught: [
    {
      rules: ['R3', 'R4-key', 'R4-connection'],
      because: 'since the newer write was not confirmed either, and is owed',
    },
  ],
});
