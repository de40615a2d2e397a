/** npm memcache with its own ketama ring. */

import { Memcache } from 'memcache';
import { TTL_MS } from '../harness/dataset.js';

/** Its timeout closes a connection that is idle, also while a contender waits for its turn. */
const WAIT_MS = 3_600_000;

async function open({ nodes }) {
  const client = new Memcache({ nodes: nodes.map(({ host, port }) => `${host}:${port}`), timeout: WAIT_MS });
  await client.connect();
  return (data) => ({
    stored: true,
    get: (i) => client.get(data.keys[i]),
    set: (i) => client.set(data.keys[i], data.values[i], TTL_MS / 1_000),
    delete: (i) => client.delete(data.keys[i]),
    increment: (i) => client.incr(data.keys[i], 1),
    resetCounter: (i) => client.set(data.keys[i], '0'),
    getMany: (list) => client.gets(list.map((i) => data.keys[i])),
    nth: (reply, _, i) => reply.get(data.keys[i]),
    close: () => client.disconnect(),
  });
}

export const contenders = [
  {
    id: 'memcache',
    title: 'npm memcache',
    backend: 'memcached',
    needs: 'memcached',
    packages: ['memcache'],
    guards: 'none per request',
    open,
  },
];
