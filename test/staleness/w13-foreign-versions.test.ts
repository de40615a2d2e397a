/** W13: a version token of one node, or of one life of its data, is accepted by another. */

import { testWay } from './support/way.js';
import { connected, disconnected, keysOf, type World } from './support/world.js';

/** Two nodes that count, or hash, alike: what one gives for a version means something to the other. */
async function versionOfAnotherNode(world: World) {
  const [first, second] = await Promise.all([world.server(), world.server()]);
  const watched = await world.cache({ nodes: [world.node('a', first)] });
  const elsewhere = await world.cache({ nodes: [world.node('b', second)] });
  const keys = keysOf(watched.cache, 10);
  for (const key of keys) {
    const value = watched.next(key);
    await watched.cache.set(key, value);
    await elsewhere.cache.set(key, value);
  }
  for (const key of keys) {
    const foreign = (await elsewhere.cache.getEntry(key))?.version ?? '';
    const own = (await watched.cache.getEntry(key))?.version ?? '';
    if (await watched.cache.compareAndSet(key, watched.next(key), foreign))
      watched.stale.push(`node a took a version of node b for ${key}`);
    if (!(await watched.cache.compareAndSet(key, watched.next(key), own)) && world.disabled.size === 0)
      throw new Error(`node a did not take its own version for ${key}`);
  }
  await watched.read(keys);
  return watched;
}

testWay({
  name: 'W13',
  says: 'a version of one node is accepted by another',
  scenario: versionOfAnotherNode,
  hitShare: 1,
  caught: [
    { kinds: ['memcached'], rules: ['R10'], because: 'by which a token means nothing elsewhere' },
    { kinds: ['redis'], codecs: ['string'], rules: ['R10'], because: 'by which even equal values are of their node' },
  ],
});

/** The node comes back empty and begins to count again: the first entry has the token that the first entry had before. */
async function versionOfAnEarlierLife(world: World) {
  const server = await world.server();
  const watched = await world.cache({ nodes: [world.node('a', server)] });
  const key = 'k';
  await watched.set(key);
  const version = (await watched.cache.getEntry(key))?.version ?? '';
  await server.kill9();
  await disconnected(watched.cache, 'a');
  await server.restart();
  await connected(watched.cache);
  await watched.set(key);
  if (await watched.cache.compareAndSet(key, watched.next(key), version))
    watched.stale.push('a version of an earlier life was accepted');
  else await watched.set(key);
  await watched.read([key]);
  return watched;
}

testWay({
  name: 'W13',
  says: 'a version of an earlier life of the node is accepted',
  scenario: versionOfAnEarlierLife,
  hitShare: 1,
  kinds: ['memcached'],
  caught: [{ rules: ['R10'], because: 'by which a token means nothing after a restart' }],
});
