/**
 * ringfence with everything on, as `createCache` gives it: bulkhead, breaker, retry, health, ledger, fallback,
 * statistics. Codec `string` puts the same bytes on the wire as the other contenders do.
 */

import { createCache } from 'ringfence';
import { TTL_MS } from '../harness/dataset.js';

async function open({ nodes, backend, timeouts }, options) {
  const cache = createCache({
    nodes: nodes.map(({ host, port, name }) => ({ url: `${backend}://${host}:${port}`, name })),
    timeouts,
    ...options,
  });
  await cache.ready();
  return (data) => {
    const ttl = { ttlMs: TTL_MS };
    const zero = { initial: 0 };
    const neverLoad = () => {
      throw new Error('the loader ran although the value was there');
    };
    return {
      stored: true,
      get: (i) => cache.get(data.keys[i]),
      set: (i) => cache.set(data.keys[i], data.values[i], ttl),
      delete: (i) => cache.delete(data.keys[i]),
      increment: (i) => cache.increment(data.keys[i], 1),
      resetCounter: (i) => cache.increment(data.keys[i], 1, zero),
      getMany: (list) => cache.getMany(list.map((i) => data.keys[i])),
      getOrSet: (i) => cache.getOrSet(data.keys[i], neverLoad),
      nth: (reply, _, i) => reply.get(data.keys[i]),
      close: () => cache.destroy(),
    };
  };
}

const guards = 'all on: bulkhead, breaker, deadlines, retry, health, ledger, fallback';
const variants = [
  { id: 'ringfence', title: 'ringfence', options: { codec: 'string' } },
  { id: 'ringfence-json', title: 'ringfence, codec json', options: { codec: 'json' } },
  { id: 'ringfence-r2', title: 'ringfence, R = 2', options: { codec: 'string', replication: 2 } },
  {
    id: 'ringfence-near',
    title: 'ringfence, near cache',
    options: { codec: 'string', near: { maxEntries: 20_000, ttlMs: TTL_MS } },
  },
];

export const contenders = ['redis', 'memcached'].flatMap((backend) =>
  variants.map(({ id, title, options }) => ({
    id: backend === 'redis' ? id : `${id}@${backend}`,
    title,
    backend,
    needs: backend,
    packages: ['ringfence'],
    guards,
    open: (context) => open(context, options),
  })),
);
