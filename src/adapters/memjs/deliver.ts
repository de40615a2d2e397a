/**
 * From a promise to a callback, where one was given: called once, in a step of its own that nothing here waits for. What it
 * throws is thrown to the process, as for any callback of Node, and reaches neither the library nor another call.
 */

import type { Answer } from './callbacks.js';

type Told = (...words: never[]) => unknown;

/**
 * The promise, or `undefined` where somebody wants to be called back. A callback of `null`, or anything else that cannot be
 * called, wants to hear nothing.
 */
export function deliver<T, C>(
  work: Promise<T>,
  callback: C,
  tell: (result: T) => readonly unknown[],
  nothing: readonly unknown[],
): Answer<C, T> {
  if (callback === undefined) return work as Answer<C, T>;
  const told = typeof callback === 'function' ? (callback as Told) : undefined;
  void work.then(
    (result) => call(told, [null, ...tell(result)]),
    (error: unknown) => call(told, [error, ...nothing]),
  );
  return undefined as Answer<C, T>;
}

/** Calls back; a throw leaves by way of the process. */
export function call(callback: Told | undefined, words: readonly unknown[]): void {
  try {
    (callback as ((...words: readonly unknown[]) => unknown) | undefined)?.(...words);
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}
