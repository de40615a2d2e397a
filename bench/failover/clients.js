/**
 * Three clients over three nodes, behind one face: `read` and `write` of a key, the nodes its calls go to, and whether all
 * nodes are served again. Each with the options that people usually give it; only ringfence keeps two copies, since the
 * others keep one. Keys lie alike for all, by one ring.
 */

import { once } from 'node:events';
import { Redis } from 'ioredis';
import memjs from 'memjs';
import { createCache } from 'ringfence';
import { Ring } from '../../dist/ring/ring.js';

const TTL_MS = 600_000;

function placementOf(nodes) {
  const ring = Ring.build(nodes.map(({ name }) => ({ name })));
  const indexOf = new Map(nodes.map(({ name }, i) => [name, i]));
  return (key, copies) => ring.owners(key, copies).map((name) => indexOf.get(name));
}

async function ringfence(nodes) {
  const cache = createCache({
    nodes: nodes.map(({ host, port, name }) => ({ url: `redis://${host}:${port}`, name })),
    namespace: 'failover',
    replication: 2,
  });
  await cache.ready();
  const indexOf = new Map(nodes.map(({ name }, i) => [name, i]));
  const places = new Map();
  return {
    read: (key) => cache.get(key),
    write: (key, value) => cache.set(key, value, { ttlMs: TTL_MS }),
    // As the ring is while all are well; nodes that are out are walked past.
    nodesOf: (key) => {
      let found = places.get(key);
      if (found === undefined) places.set(key, (found = cache.ring.owners(key).map((name) => indexOf.get(name))));
      return found;
    },
    isWell: () => cache.nodes().every(({ state, isConnected }) => state === 'healthy' && isConnected),
    tell: () => cache.stats(),
    close: () => cache.destroy(),
  };
}

/** One client a node, as its manual has it: reconnects, twenty retries a request, and commands wait while it does. */
async function ioredis(nodes) {
  const clients = nodes.map(({ host, port }) => new Redis({ host, port }));
  for (const client of clients) client.on('error', () => undefined);
  await Promise.all(clients.map((client) => client.status === 'ready' || once(client, 'ready')));
  const ownersOf = placementOf(nodes);
  const of = (key) => clients[ownersOf(key, 1)[0]];
  return {
    read: async (key) => parsed(await of(key).get(key)),
    write: async (key, value) => (await of(key).set(key, JSON.stringify(value), 'PX', TTL_MS)) === 'OK',
    nodesOf: (key) => ownersOf(key, 1),
    isWell: () => clients.every(({ status }) => status === 'ready'),
    close: () => {
      for (const client of clients) client.disconnect();
    },
  };
}

/** Its own multi-server mode, with its defaults: two attempts, half a second each, no failover. */
async function memjsClient(nodes) {
  const silent = { log: () => undefined };
  const client = memjs.Client.create(nodes.map(({ host, port }) => `${host}:${port}`).join(','), { logger: silent });
  const ownersOf = placementOf(nodes);
  client.getServer = (key) => ownersOf(key, 1)[0];
  return {
    read: async (key) => parsed((await client.get(key)).value),
    write: (key, value) => client.set(key, JSON.stringify(value), { expires: TTL_MS / 1_000 }),
    nodesOf: (key) => ownersOf(key, 1),
    isWell: () => true,
    close: () => client.close(),
  };
}

function parsed(text) {
  return text === null ? undefined : JSON.parse(text);
}

export const CLIENTS = [
  { id: 'ringfence', title: 'ringfence, R = 2', backend: 'redis', open: ringfence, isOurs: true },
  { id: 'ioredis', title: 'ioredis', backend: 'redis', open: ioredis },
  { id: 'memjs', title: 'memjs', backend: 'memcached', open: memjsClient },
];
