/** ringfence in ioredis's clothes: every command of ioredis over the ring, values as ioredis stores them. */

import { once } from 'node:events';
import { Redis } from 'ringfence/ioredis';
import { TTL_MS } from '../harness/dataset.js';

async function open({ nodes, timeouts }, options) {
  const redis = new Redis({
    nodes: nodes.map(({ host, port, name }) => ({ url: `redis://${host}:${port}`, name })),
    timeouts,
    ...options,
  });
  if (redis.status !== 'ready') await once(redis, 'ready');
  return (data) => ({
    stored: 'OK',
    get: (i) => redis.get(data.keys[i]),
    set: (i) => redis.set(data.keys[i], data.values[i], 'PX', TTL_MS),
    delete: (i) => redis.del(data.keys[i]),
    increment: (i) => redis.incr(data.keys[i]),
    resetCounter: (i) => redis.set(data.keys[i], '0'),
    getMany: (list) => redis.mget(list.map((i) => data.keys[i])),
    nth: (reply, n) => reply[n],
    close: () => redis.disconnect(),
  });
}

const base = {
  backend: 'redis',
  needs: 'redis',
  packages: ['ringfence', 'ioredis'],
  guards: 'bulkhead, breaker, deadlines, health; data is sent once',
};

export const contenders = [
  { ...base, id: 'ringfence-ioredis', title: 'ringfence/ioredis', open: (context) => open(context, {}) },
  {
    ...base,
    id: 'ringfence-ioredis-cacheable',
    title: 'ringfence/ioredis, all keys cacheable',
    guards: 'those of ringfence',
    open: (context) => open(context, { cacheable: true }),
  },
];
