/**
 * ioredis, one client a node: plain, with autopipelining, with its command timeout on, over npm hashring, and behind
 * nutcracker. Connection names, ready checks and protocol are ioredis's defaults unless nutcracker cannot serve them.
 */

import { once } from 'node:events';
import HashRing from 'hashring';
import { Redis } from 'ioredis';
import { TTL_MS } from '../harness/dataset.js';
import { placeKeys, splitByNode } from './placement.js';

async function connect(servers, options) {
  const clients = servers.map(({ host, port }) => new Redis({ host, port, ...options }));
  await Promise.all(clients.map((client) => client.status === 'ready' || once(client, 'ready')));
  return clients;
}

/** The calls of all variants; `of(i)` is the client for the i-th key. */
function calls(clients, of, data) {
  return {
    stored: 'OK',
    get: (i) => of(i).get(data.keys[i]),
    set: (i) => of(i).set(data.keys[i], data.values[i], 'PX', TTL_MS),
    delete: (i) => of(i).del(data.keys[i]),
    increment: (i) => of(i).incr(data.keys[i]),
    resetCounter: (i) => of(i).set(data.keys[i], '0'),
    getMany: (list) => Promise.all(list.map((i) => of(i).get(data.keys[i]))),
    nth: (reply, n) => reply[n],
    close: () => Promise.all(clients.map((client) => client.disconnect())),
  };
}

async function openPlaced({ nodes }, options) {
  const clients = await connect(nodes, options);
  return (data) => {
    const placement = placeKeys(nodes, data.keys);
    return calls(clients, (i) => clients[placement[i]], data);
  };
}

async function openHandSplit({ nodes }) {
  const clients = await connect(nodes, {});
  return (data) => {
    const placement = placeKeys(nodes, data.keys);
    const getMany = async (list) => {
      const parts = splitByNode(list, placement, clients.length);
      const replies = await Promise.all(
        parts.map((part, node) => (part.length > 0 ? clients[node].mget(part.map((i) => data.keys[i])) : [])),
      );
      const read = new Array(clients.length).fill(0);
      return list.map((i) => replies[placement[i]][read[placement[i]]++]);
    };
    return { ...calls(clients, (i) => clients[placement[i]], data), getMany };
  };
}

async function openHashring({ nodes }, options) {
  const clients = await connect(nodes, options);
  const byServer = new Map(nodes.map(({ host, port }, i) => [`${host}:${port}`, clients[i]]));
  const ring = new HashRing([...byServer.keys()]);
  return (data) => calls(clients, (i) => byServer.get(ring.get(data.keys[i])), data);
}

/** nutcracker knows neither HELLO, CLIENT nor INFO. */
async function openProxied({ nutcracker }) {
  const options = { enableAutoPipelining: true, enableReadyCheck: false, disableClientInfo: true, protocol: 2 };
  const clients = await connect([nutcracker], options);
  return (data) => calls(clients, () => clients[0], data);
}

const automatic = { enableAutoPipelining: true };
const base = { backend: 'redis', needs: 'redis', packages: ['ioredis'], guards: 'reconnects; 20 retries a request' };

export const contenders = [
  { ...base, id: 'ioredis', title: 'ioredis', open: (context) => openPlaced(context, {}) },
  { ...base, id: 'ioredis-auto', title: 'ioredis autopipelining', open: (context) => openPlaced(context, automatic) },
  {
    ...base,
    id: 'ioredis-auto-timeout',
    title: 'ioredis autopipelining, timeouts on',
    guards: 'reconnects; 20 retries a request; commandTimeout 500 ms',
    open: (context) => openPlaced(context, { ...automatic, commandTimeout: 500 }),
  },
  { ...base, id: 'ioredis-mget', title: 'ioredis, MGET split by hand', open: openHandSplit },
  {
    ...base,
    id: 'ioredis-hashring',
    title: 'ioredis over npm hashring',
    packages: ['ioredis', 'hashring'],
    open: (context) => openHashring(context, {}),
  },
  {
    ...base,
    id: 'ioredis-auto-hashring',
    title: 'ioredis autopipelining over npm hashring',
    packages: ['ioredis', 'hashring'],
    open: (context) => openHashring(context, automatic),
  },
  {
    ...base,
    id: 'ioredis-nutcracker',
    title: 'ioredis autopipelining behind nutcracker',
    needs: 'nutcracker',
    open: openProxied,
  },
];
