/** Every public call that takes a key, a value or a time to live, so that a rule can be shown of all of them. */

import type { Cache, CacheError } from '../../src/index.js';

/** Calls a method with whatever a JavaScript caller might pass; what it throws at once is told apart from a rejection. */
export async function invoke(cache: Cache, method: keyof Cache, args: readonly unknown[]): Promise<unknown> {
  const called: unknown = Reflect.get(cache, method);
  if (typeof called !== 'function') throw new Error(`${method} is no method`);
  let outcome: unknown;
  try {
    outcome = Reflect.apply(called, cache, args);
  } catch (error) {
    throw new Error(`${method} threw instead of rejecting`, { cause: error });
  }
  return outcome;
}

type WithOne = readonly [method: keyof Cache, args: (it: unknown) => readonly unknown[]];

/** One key. */
export const KEY_CALLS: readonly WithOne[] = [
  ['get', (key) => [key]],
  ['getEntry', (key) => [key]],
  ['set', (key) => [key, 'v']],
  ['add', (key) => [key, 'v']],
  ['replace', (key) => [key, 'v']],
  ['compareAndSet', (key) => [key, 'v', 'a!b!c']],
  ['delete', (key) => [key]],
  ['has', (key) => [key]],
  ['touch', (key) => [key, 1_000]],
  ['ttl', (key) => [key]],
  ['increment', (key) => [key]],
  ['decrement', (key) => [key]],
  ['getOrSet', (key) => [key, () => 'v']],
];

/** One value, under the key `k`. */
export const VALUE_CALLS: readonly WithOne[] = [
  ['set', (value) => ['k', value]],
  ['add', (value) => ['k', value]],
  ['replace', (value) => ['k', value]],
  ['compareAndSet', (value) => ['k', value, 'a!b!c']],
];

/** One time to live, under the key `k`; values and counters are what each codec takes for one. */
export const TTL_CALLS: readonly WithOne[] = [
  ['set', (ttlMs) => ['k', 'v', { ttlMs }]],
  ['setMany', (ttlMs) => [[['k', 'v']], { ttlMs }]],
  ['add', (ttlMs) => ['k', 'v', { ttlMs }]],
  ['replace', (ttlMs) => ['k', 'v', { ttlMs }]],
  ['compareAndSet', (ttlMs) => ['k', 'v', 'a!b!c', { ttlMs }]],
  ['touch', (ttlMs) => ['k', ttlMs]],
  ['increment', (ttlMs) => ['k', 1, { ttlMs }]],
  ['decrement', (ttlMs) => ['k', 1, { ttlMs }]],
  ['getOrSet', (ttlMs) => ['k', () => 'v', { ttlMs }]],
];

/** The error that a call rejects with. @throws Error if it does not */
export async function refusalOf(call: Promise<unknown>): Promise<CacheError> {
  const outcome = await call.then(
    (value) => ({ value }),
    (error: CacheError) => ({ error }),
  );
  if ('error' in outcome) return outcome.error;
  throw new Error(`was answered ${JSON.stringify(outcome.value)}`);
}
