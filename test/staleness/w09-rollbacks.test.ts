/**
 * W9: a node rolls back: it restarts with what it had saved before the last writes, or another takes over its address that
 * had not heard of them.
 */

import { copyEntries } from './support/copy-entries.js';
import { tell } from './support/held.js';
import { until } from './support/until.js';
import { testWay } from './support/way.js';
import { connected, disconnected, keysOf, reconnected, type World } from './support/world.js';

async function restartWithOldData(world: World, args: readonly string[] = []) {
  const server = await world.server(['--save', '3600 1000000', '--dbfilename', 'old.rdb', ...args]);
  const watched = await world.cache({ nodes: [world.node('a', server)] });
  const others = await world.cache({ nodes: [world.node('a', server)] });
  const foreign = keysOf(watched.cache, 60, undefined, 'foreign');
  const keys = keysOf(watched.cache, 20);
  await Promise.all(foreign.map((key) => others.set(key)));
  await Promise.all(keys.map((key) => watched.set(key)));
  await tell(server, 'SAVE', /OK\r\n$/);
  await Promise.all(keys.slice(0, 15).map((key) => watched.set(key)));
  await Promise.all(keys.slice(15).map((key) => watched.delete(key)));
  await watched.read([...foreign, ...keys]);

  await server.kill9();
  await disconnected(watched.cache, 'a');
  await server.restart();
  await connected(watched.cache);
  await watched.read([...foreign, ...keys]);
  await Promise.all(keys.map((key) => watched.set(key)));
  await watched.read([...foreign, ...keys]);
  return watched;
}

testWay({
  name: 'W9',
  says: 'a node restarts with what it had saved before the last writes',
  scenario: (world) => restartWithOldData(world),
  hitShare: 0.8,
  kinds: ['redis'],
  caught: [
    { codecs: ['string'], rules: ['R6'], because: 'by which confirmations of an earlier life are void' },
    { codecs: ['json'], rules: ['R3'], because: 'which the stamps of what was saved do not reach' },
  ],
});

testWay({
  name: 'W9',
  says: 'a node that does not tell which life it lives restarts with old data',
  scenario: (world) => restartWithOldData(world, ['--user', ...'default on nopass ~* &* +@all -info'.split(' ')]),
  hitShare: 0.8,
  kinds: ['redis'],
  caught: [{ codecs: ['string'], rules: ['R6'], because: 'by which it may live another after any loss' }],
});

async function takeOverByLaggingStandby(world: World) {
  const [server, standby] = await Promise.all([world.server(), world.server()]);
  const proxy = await world.proxy(server);
  const watched = await world.cache({ nodes: [world.node('a', proxy)] });
  const keys = keysOf(watched.cache, 30);
  await Promise.all(keys.map((key) => watched.set(key)));
  await watched.read(keys);
  await copyEntries(server, standby, keys);
  const [written, deleted] = [keys.slice(0, 15), keys.slice(15, 20)];
  await Promise.all([...written.map((key) => watched.set(key)), ...deleted.map((key) => watched.delete(key))]);
  await watched.read(keys);

  proxy.redirect(standby);
  await reconnected(watched.cache, proxy, () => proxy.reset());
  await watched.read(keys);
  await Promise.all(keys.map((key) => watched.set(key)));
  await watched.read(keys);
  return watched;
}

testWay({
  name: 'W9',
  says: 'a standby takes over that had not heard of the last writes',
  scenario: takeOverByLaggingStandby,
  hitShare: 0.6,
  caught: [
    { codecs: ['string'], rules: ['R6'], because: 'by which confirmations of an earlier life are void' },
    { codecs: ['json'], rules: ['R3'], because: 'which the stamps of what the standby holds do not reach' },
  ],
});

/** The address moves while connections to the old server live on: the lanes of one node must not lead to two servers. */
async function takeOverWhileOldOneLives(world: World) {
  const [server, standby] = await Promise.all([world.server(), world.server()]);
  const proxy = await world.proxy(server);
  const watched = await world.cache({ nodes: [world.node('a', proxy)] });
  const keys = keysOf(watched.cache, 30);
  await watched.cache.get('opens-the-lane', { lane: 'bulk' });
  await Promise.all(keys.map((key) => watched.set(key)));
  await copyEntries(server, standby, keys);

  const [first] = proxy.connections;
  proxy.redirect(standby);
  await reconnected(watched.cache, proxy, () => first?.reset());
  await Promise.all(keys.map((key) => watched.set(key)));
  // Either the lane still leads to the old server, or it has been led to the new one.
  await until('the bulk lane answers', () => watched.cache.set('bulk', world.codec, { lane: 'bulk' }));
  await watched.read(keys);
  await watched.read(keys, (key) => watched.cache.get(key, { lane: 'bulk' }));
  await Promise.all(keys.map((key) => watched.set(key, { lane: 'bulk' })));
  await watched.read(keys);
  return watched;
}

testWay({
  name: 'W9',
  says: 'another server takes over the address while connections to the old one live on',
  scenario: takeOverWhileOldOneLives,
  hitShare: 0.6,
  caught: [
    { codecs: ['string'], rules: ['R6'], because: 'by which all connections lead to one life of the data' },
    { codecs: ['json'], rules: ['R3', 'R6'], because: 'since the stamps of the other server lie below the floor' },
  ],
});
