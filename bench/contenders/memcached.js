/** npm memcached with its own ketama ring. Its pool is kept at its default: 1 and 25 connections a server were no faster. */

import { promisify } from 'node:util';
import Memcached from 'memcached';
import { TTL_MS } from '../harness/dataset.js';

/** Connections it would close for being idle belong to contenders that wait for their turn. */
const WAIT_MS = 3_600_000;

async function open({ nodes }) {
  const client = new Memcached(
    nodes.map(({ host, port }) => `${host}:${port}`),
    { idle: WAIT_MS, timeout: 5_000 },
  );
  const [get, set, del, incr, getMulti] = ['get', 'set', 'del', 'incr', 'getMulti'].map((name) =>
    promisify(client[name]).bind(client),
  );
  return (data) => ({
    stored: true,
    get: (i) => get(data.keys[i]),
    set: (i) => set(data.keys[i], data.values[i], TTL_MS / 1_000),
    delete: (i) => del(data.keys[i]),
    increment: (i) => incr(data.keys[i], 1),
    resetCounter: (i) => set(data.keys[i], '0', 0),
    getMany: (list) => getMulti(list.map((i) => data.keys[i])),
    nth: (reply, _, i) => reply[data.keys[i]],
    close: () => client.end(),
  });
}

export const contenders = [
  {
    id: 'memcached',
    title: 'npm memcached',
    backend: 'memcached',
    needs: 'memcached',
    packages: ['memcached'],
    guards: 'connect timeout; failing server set aside',
    open,
  },
];
