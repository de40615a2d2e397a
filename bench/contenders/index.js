/** All contenders by id, and which file opens them. A file whose package is not installed is named and left out. */

const FILES = [
  'ringfence',
  'ringfence-ioredis',
  'raw-redis',
  'raw-memcached',
  'ioredis',
  'node-redis',
  'valkey-glide',
  'memjs',
  'memcached',
  'memcache',
];

/**
 * @typedef {object} Contender
 * @property {string} id
 * @property {string} title as tables show it
 * @property {'redis' | 'memcached'} backend
 * @property {'redis' | 'memcached' | 'nutcracker'} needs the program without which it cannot run
 * @property {string[]} packages whose versions are printed
 * @property {string} guards what protects its calls in this benchmark
 * @property {(context: object) => Promise<(data: object) => object>} open connects; what it returns gives the calls over a
 *   data set: each takes the index of a key, `nth(reply, n, i)` picks the i-th key's value, the n-th of a getMany
 */

/** @returns {Promise<{ contenders: Map<string, Contender>, missing: string[] }>} */
export async function loadContenders() {
  const contenders = new Map();
  const missing = [];
  for (const file of FILES) {
    try {
      const module = await import(`./${file}.js`);
      for (const contender of module.contenders) contenders.set(contender.id, contender);
    } catch (error) {
      if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
      missing.push(file);
    }
  }
  return { contenders, missing };
}
