/** A mix of all kinds of calls on a cache, for as long as it is wanted: what a service does to it in a day, in minutes. */

const KEYS = 50_000;
const IN_FLIGHT = 64;
const TTL = { ttlMs: 60_000 };
const MANY = 50;

/** Shares of calls; the rest are gets. */
const SHARES = [
  [0.15, (cache, key) => cache.set(key, textOf(key), TTL)],
  [0.2, (cache, key) => cache.delete(key)],
  [0.22, (cache, key) => cache.increment(`count:${key}`, 1, TTL)],
  [0.25, (cache, key) => cache.getMany(Array.from({ length: MANY }, (_, i) => keyOf((key.length * 7_919 + i) % KEYS)))],
  [0.3, (cache, key) => cache.getOrSet(key, () => textOf(key), TTL)],
];

const keyOf = (i) => `mixed:user:${i}`;
const textOf = (key) => key.padEnd(100, '.');

/**
 * @param {import('ringfence').Cache<string>} cache
 * @param {() => boolean} isOver asked before each call
 * @returns {Promise<{ calls: number, failed: number }>} `failed` are calls that were rejected
 * @throws Error for a value that was never stored under its key
 */
export async function mixedLoad(cache, isOver) {
  const counts = { calls: 0, failed: 0 };
  const worker = async () => {
    while (!isOver()) {
      const key = keyOf(Math.floor(Math.random() * KEYS));
      const chance = Math.random();
      const [, act] = SHARES.find(([below]) => chance < below) ?? [];
      counts.calls++;
      try {
        if (act !== undefined) await act(cache, key);
        else await checkedGet(cache, key);
      } catch (error) {
        if (error instanceof WrongValue) throw error;
        counts.failed++;
      }
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  return counts;
}

class WrongValue extends Error {}

async function checkedGet(cache, key) {
  const value = await cache.get(key);
  if (value !== undefined && value !== textOf(key)) throw new WrongValue(`${key} answered ${value}`);
}
