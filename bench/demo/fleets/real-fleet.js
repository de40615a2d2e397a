/**
 * Real servers, started here on free ports: three redis-server, two memcached. The first victim keeps an append-only file,
 * so that it comes back from the dead with the data it had.
 */

import { startMemcached, startRedis } from 'ringfence/testing';

const VICTIM = 'redis-2';
const JOINER = 'redis-4';
const LEAVER = 'memcached-1';
const PERSISTENT = ['--appendonly', 'yes', '--appendfsync', 'everysec'];
const ROOMY = ['-m', '1024'];

export async function startRealFleet() {
  const servers = new Map();
  const start = async (name) => {
    const args = name === VICTIM ? PERSISTENT : [];
    const server = name.startsWith('redis') ? await startRedis({ args }) : await startMemcached({ args: ROOMY });
    servers.set(name, server);
    return { name, url: server.url };
  };
  const close = async () => {
    await Promise.all([...servers.values()].map((server) => server.stop()));
  };
  try {
    return {
      title: '3 redis-server, 2 memcached',
      nodes: await all(['redis-1', 'redis-2', 'redis-3', 'memcached-1', 'memcached-2'].map(start)),
      victim: {
        name: VICTIM,
        kill: () => servers.get(VICTIM).kill9(),
        bringBack: () => servers.get(VICTIM).restart(),
      },
      leaver: LEAVER,
      joiner: JOINER,
      newcomer: () => start(JOINER),
      namespace: 'demo',
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Like `Promise.all`, but nothing is still starting when it rejects. */
async function all(promises) {
  const outcomes = await Promise.allSettled(promises);
  const failed = outcomes.find(({ status }) => status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return outcomes.map(({ value }) => value);
}
