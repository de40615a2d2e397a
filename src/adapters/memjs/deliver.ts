/**
 * From a promise to a callback, where one was given: called once, in a step of its own that nothing here waits for. What it
 * throws is thrown to the process, as for any callback of Node, and reaches neither the library nor another call.
 */

type Told = (...words: never[]) => unknown;

/**
 * The promise, or `undefined` where somebody wants to be called back. A callback of `null`, or anything else that cannot be
 * called, wants to hear nothing.
 */
export function deliver<T>(
  work: Promise<T>,
  callback: unknown,
  tell: (result: T) => readonly unknown[],
  nothing: readonly unknown[],
): Promise<T> | undefined {
  if (callback === undefined) return work;
  const told = typeof callback === 'function' ? (callback as Told) : undefined;
  void work.then(
    (result) => call(told, [null, ...tell(result)]),
    (error: unknown) => call(told, [error, ...nothing]),
  );
  return undefined;
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
