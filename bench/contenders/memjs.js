/** memjs in its own multi-server mode: it hashes keys onto servers by itself. */

import memjs from 'memjs';
import { TTL_MS } from '../harness/dataset.js';

const silent = { log: () => undefined };

async function open({ nodes }) {
  const servers = nodes.map(({ host, port }) => `${host}:${port}`).join(',');
  const client = memjs.Client.create(servers, { timeout: 5, retries: 2, keepAlive: true, logger: silent });
  const expires = { expires: TTL_MS / 1_000 };
  return (data) => {
    // A Buffer is what it hands out; every other contender hands out a string, and so does its user's code.
    const text = ({ value }) => (value === null ? null : value.toString());
    const get = (i) => client.get(data.keys[i]).then(text);
    return {
      stored: true,
      get,
      set: (i) => client.set(data.keys[i], data.values[i], expires),
      delete: (i) => client.delete(data.keys[i]),
      increment: (i) => client.increment(data.keys[i], 1, { initial: 0 }).then(({ value }) => value),
      resetCounter: (i) => client.increment(data.keys[i], 1, { initial: 0 }),
      getMany: (list) => Promise.all(list.map(get)),
      nth: (reply, n) => reply[n],
      close: () => client.close(),
    };
  };
}

export const contenders = [
  {
    id: 'memjs',
    title: 'memjs',
    backend: 'memcached',
    needs: 'memcached',
    packages: ['memjs'],
    guards: 'request timeout; one retry',
    open,
  },
];
