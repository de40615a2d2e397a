/** The nodes of a scenario: three redis-server and two memcached, a spare Redis, or as many in-process nodes. */

import { createMemoryDriver, MemoryNode, startMemcached, startRedis } from 'ringfence/testing';

export async function startFleet(count, inMemory) {
  const all = inMemory
    ? Array.from({ length: count + 1 }, (_, i) => memoryNode(`node-${i + 1}`))
    : await Promise.all(Array.from({ length: count + 1 }, (_, i) => realNode(`node-${i + 1}`, i >= 3 && i < count)));
  return {
    nodes: all.slice(0, count),
    spare: all[count],
    stop: () => Promise.all(all.map(({ stop }) => stop())),
  };
}

async function realNode(name, isMemcached) {
  const server = await (isMemcached ? startMemcached({ args: ['-m', '512'] }) : startRedis());
  return {
    name,
    node: { url: server.url, name },
    kill: () => server.kill9(),
    pause: () => server.pause(),
    resume: () => server.resume(),
    stop: () => server.stop(),
  };
}

function memoryNode(name) {
  const store = new MemoryNode({ name, maxBytes: 512 * 1_024 * 1_024 });
  return {
    name,
    node: { name, driver: createMemoryDriver({ name, store }) },
    kill: () => store.kill(),
    pause: () => store.hang(),
    resume: () => store.resume(),
    stop: () => undefined,
  };
}
