/** node-redis (npm `redis`), one client a node; it sends the commands of a tick together by itself. */

import { createClient } from 'redis';
import { TTL_MS } from '../harness/dataset.js';
import { placeKeys } from './placement.js';

async function open({ nodes }) {
  const clients = await Promise.all(
    nodes.map(async ({ host, port }) => {
      const client = createClient({ socket: { host, port }, commandsQueueMaxLength: 100_000 });
      client.on('error', () => undefined);
      await client.connect();
      return client;
    }),
  );
  return (data) => {
    const placement = placeKeys(nodes, data.keys);
    const of = (i) => clients[placement[i]];
    const expiration = { expiration: { type: 'PX', value: TTL_MS } };
    return {
      stored: 'OK',
      get: (i) => of(i).get(data.keys[i]),
      set: (i) => of(i).set(data.keys[i], data.values[i], expiration),
      delete: (i) => of(i).del(data.keys[i]),
      increment: (i) => of(i).incr(data.keys[i]),
      resetCounter: (i) => of(i).set(data.keys[i], '0'),
      getMany: (list) => Promise.all(list.map((i) => of(i).get(data.keys[i]))),
      nth: (reply, n) => reply[n],
      close: () => Promise.all(clients.map((client) => client.destroy())),
    };
  };
}

export const contenders = [
  {
    id: 'node-redis',
    title: 'node-redis',
    backend: 'redis',
    needs: 'redis',
    packages: ['redis'],
    guards: 'reconnects; bounded queue',
    open,
  },
];
