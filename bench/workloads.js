/**
 * Every workload of the benchmark: which call, over which data, how many in flight, and who takes part.
 *
 * One thing varies at a time around 100-byte values with 256 calls in flight. Rows that a target depends on get more and
 * longer rounds than the rest.
 */

const KEYS = 10_000;
/** Values of 16 KB by the ten thousand would fill the servers' memory, not their sockets. */
const KEYS_OF_LARGE = 1_000;
const LARGE = 8_192;

const EXACT = { rounds: 9, sliceMs: 130 };
const BRIEF = { rounds: 7, sliceMs: 70 };

const REDIS = [
  'ringfence',
  'ringfence-json',
  'limit',
  'ioredis',
  'ioredis-auto',
  'ioredis-nutcracker',
  'node-redis',
  'valkey-glide',
];
const REDIS_ALL = [...REDIS, 'limit-mget', 'ioredis-auto-timeout', 'ioredis-hashring', 'ioredis-auto-hashring'];
const REDIS_MANY = [...REDIS, 'limit-mget', 'ioredis-mget'];
const MEMCACHED = [
  'ringfence@memcached',
  'ringfence-json@memcached',
  'limit@memcached',
  'memjs',
  'memcached',
  'memcache',
];

const NAMES = { get: 'GET', set: 'SET with TTL', mix: '90 % GET, 10 % SET', delete: 'DELETE', increment: 'INCREMENT' };
const BACKENDS = { redis: 'Redis', memcached: 'Memcached' };

const sizeOf = (bytes) => (bytes >= 1_024 ? `${bytes / 1_024} KB` : `${bytes} B`);
const entriesOf = (contenders) => contenders.map((contender) => ({ contender }));

/** One call on one key. */
export function single(backend, operation, { inFlight = 256, valueBytes = 100, contenders, effort = BRIEF }) {
  return {
    id: `${backend}-${operation}-${valueBytes}-${inFlight}`,
    title: `${BACKENDS[backend]} ${NAMES[operation]}, ${sizeOf(valueBytes)}, ${inFlight} in flight`,
    operation,
    inFlight,
    dataset: { keys: valueBytes >= LARGE ? KEYS_OF_LARGE : KEYS, valueBytes },
    entries: entriesOf(contenders ?? (backend === 'redis' ? REDIS : MEMCACHED)),
    ...effort,
  };
}

function many(backend, inFlight, contenders) {
  return {
    id: `${backend}-getMany-100-${inFlight}`,
    title: `${BACKENDS[backend]} getMany of 100 keys, 100 B, ${inFlight} in flight`,
    operation: 'getMany',
    inFlight,
    dataset: { keys: KEYS, valueBytes: 100, many: 100 },
    entries: entriesOf(contenders),
    ...EXACT,
  };
}

function hot(backend, contenders) {
  return {
    ...single(backend, 'get', { contenders }),
    id: `${backend}-hot-100-256`,
    title: `${BACKENDS[backend]} GET of hot keys (Zipf 1.1), 100 B, 256 in flight`,
    dataset: { keys: KEYS, valueBytes: 100, zipf: 1.1 },
  };
}

/** The same cache with one and with two copies of each key. */
function copies(backend, operation) {
  const suffix = backend === 'redis' ? '' : '@memcached';
  return {
    ...single(backend, operation, { effort: EXACT }),
    id: `${backend}-copies-${operation}`,
    title: `${BACKENDS[backend]} ${NAMES[operation]} with two copies of each key, 100 B, 256 in flight`,
    entries: entriesOf([`ringfence${suffix}`, `ringfence-r2${suffix}`]),
  };
}

/** What is answered inside the process: timing each of these calls would take longer than the call. */
function own(id, title, inFlight, contender) {
  return {
    id,
    title,
    operation: 'get',
    inFlight,
    timeEvery: 64,
    dataset: { keys: KEYS, valueBytes: 100 },
    entries: [
      { contender, id: 'get', label: 'get' },
      { contender, id: 'getOrSet', label: 'getOrSet', operation: 'getOrSet' },
    ],
    ...EXACT,
  };
}

const IN_FLIGHT = [1, 32, 1_024];
const SIZES = [16, 1_024, 16_384];

function around(backend) {
  return [
    ...IN_FLIGHT.map((inFlight) => single(backend, 'get', { inFlight, effort: inFlight === 1_024 ? BRIEF : EXACT })),
    ...IN_FLIGHT.map((inFlight) => single(backend, 'set', { inFlight })),
    ...SIZES.map((valueBytes) => single(backend, 'get', { valueBytes })),
    ...SIZES.map((valueBytes) => single(backend, 'set', { valueBytes })),
    single(backend, 'mix', {}),
    single(backend, 'delete', {}),
    single(backend, 'increment', {}),
  ];
}

/** @type {object[]} */
export const workloads = [
  single('redis', 'get', { contenders: REDIS_ALL, effort: EXACT }),
  single('redis', 'set', { contenders: REDIS_ALL.filter((id) => id !== 'limit-mget'), effort: EXACT }),
  ...around('redis'),
  many('redis', 1, REDIS_MANY),
  many('redis', 16, REDIS_MANY),
  hot('redis', REDIS),
  copies('redis', 'get'),
  copies('redis', 'set'),
  own('get-or-set', 'Redis getOrSet hit, 100 B, 256 in flight', 256, 'ringfence'),
  own('near', 'near cache hit, 100 B, 1 in flight', 1, 'ringfence-near'),
  single('memcached', 'get', { effort: EXACT }),
  single('memcached', 'set', { effort: EXACT }),
  ...around('memcached'),
  many('memcached', 16, MEMCACHED),
  hot('memcached', MEMCACHED),
  copies('memcached', 'get'),
  copies('memcached', 'set'),
];

/** The few of `throughput.js`. */
export const throughputWorkloads = ['get', 'set'].flatMap((operation) =>
  [1, 32, 256].map((inFlight) =>
    single('redis', operation, {
      inFlight,
      contenders: ['ringfence', 'ringfence-json', 'ioredis', 'ioredis-auto', 'limit'],
      effort: { rounds: 7, sliceMs: 100 },
    }),
  ),
);
