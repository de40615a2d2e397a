/**
 * What the benchmark must show: the median over all rounds of a ratio taken within each round. A target that is missed
 * is printed as missed; nothing here is ever changed to meet it.
 */

const faster = (workload, row, reference, atLeast) => ({ workload, row, reference, measure: 'perSecond', atLeast });
const against = (workload, row, references) =>
  Object.entries(references).map(([reference, atLeast]) => faster(workload, row, reference, atLeast));

const memcachedReferences = { memjs: 5, memcached: 4, 'limit@memcached': 0.7 };

/**
 * @typedef {object} Target
 * @property {string} workload id
 * @property {string} row id of the row that is judged
 * @property {string} [reference] id of the row it is compared with; without one the measure itself is judged
 * @property {'perSecond' | 'p50' | 'p99'} measure
 * @property {number} [atLeast]
 * @property {number} [atMost]
 * @property {string} [says] the comparison in words, where the labels of the rows do not say it
 */

/** @type {Target[]} */
export const targets = [
  ...against('redis-get-100-256', 'ringfence', { 'ioredis-auto': 3, ioredis: 5, 'node-redis': 2, limit: 0.75 }),
  ...against('redis-get-100-32', 'ringfence', { 'ioredis-auto': 2, limit: 0.7 }),
  faster('redis-get-100-1', 'ringfence', 'ioredis', 0.95),
  { workload: 'redis-get-100-1', row: 'ringfence', reference: 'ioredis', measure: 'p50', atMost: 1.05 },
  { workload: 'redis-get-100-1', row: 'ringfence', reference: 'ioredis', measure: 'p99', atMost: 1.05 },
  ...against('redis-set-100-256', 'ringfence', { 'ioredis-auto': 2.5, limit: 0.6 }),
  ...against('memcached-get-100-256', 'ringfence@memcached', memcachedReferences),
  ...against('memcached-set-100-256', 'ringfence@memcached', memcachedReferences),
  ...['redis-getMany-100-1', 'redis-getMany-100-16'].flatMap((workload) =>
    against(workload, 'ringfence', { 'ioredis-mget': 1, 'ioredis-auto': 5 }),
  ),
  faster('redis-copies-set', 'ringfence-r2', 'ringfence', 0.5),
  faster('redis-copies-get', 'ringfence-r2', 'ringfence', 0.95),
  faster('memcached-copies-set', 'ringfence-r2@memcached', 'ringfence@memcached', 0.5),
  faster('memcached-copies-get', 'ringfence-r2@memcached', 'ringfence@memcached', 0.95),
  { workload: 'near', row: 'get', measure: 'perSecond', atLeast: 3e6, says: 'near cache hits a second' },
  {
    workload: 'near',
    row: 'get',
    reference: 'getOrSet',
    measure: 'perSecond',
    atMost: 1.3,
    says: 'getOrSet takes … of a get',
  },
  {
    workload: 'get-or-set',
    row: 'get',
    reference: 'getOrSet',
    measure: 'perSecond',
    atMost: 1.3,
    says: 'getOrSet takes … of a get',
  },
];

/** The few of `throughput.js`. */
export const throughputTargets = [faster('redis-get-100-256', 'ringfence', 'ioredis-auto', 2.5)];
