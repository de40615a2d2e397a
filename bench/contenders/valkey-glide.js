/** valkey-glide, one client a node: a client core in Rust behind a socket. Measured where the package is installed. */

import { GlideClient, TimeUnit } from '@valkey/valkey-glide';
import { TTL_MS } from '../harness/dataset.js';
import { placeKeys } from './placement.js';

async function open({ nodes }) {
  const clients = await Promise.all(
    nodes.map((node) =>
      GlideClient.createClient({
        addresses: [{ host: node.host, port: node.port }],
        requestTimeout: 5_000,
        inflightRequestsLimit: 4_096,
      }),
    ),
  );
  return (data) => {
    const placement = placeKeys(nodes, data.keys);
    const of = (i) => clients[placement[i]];
    const expiry = { expiry: { type: TimeUnit.Milliseconds, count: TTL_MS } };
    return {
      stored: 'OK',
      get: (i) => of(i).get(data.keys[i]),
      set: (i) => of(i).set(data.keys[i], data.values[i], expiry),
      delete: (i) => of(i).del([data.keys[i]]),
      increment: (i) => of(i).incr(data.keys[i]),
      resetCounter: (i) => of(i).set(data.keys[i], '0'),
      getMany: (list) => Promise.all(list.map((i) => of(i).get(data.keys[i]))),
      nth: (reply, n) => reply[n],
      close: () => Promise.all(clients.map((client) => client.close())),
    };
  };
}

export const contenders = [
  {
    id: 'valkey-glide',
    title: 'valkey-glide',
    backend: 'redis',
    needs: 'redis',
    packages: ['@valkey/valkey-glide'],
    guards: 'reconnects; request timeout; in-flight limit',
    open,
  },
];
