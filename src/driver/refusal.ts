/**
 * What a server said in refusing, word for word: for those alone who asked in its own words and want its own answer. It is
 * kept beside the error, not in it, since servers repeat arguments, and errors are printed.
 */

import type { CacheError } from '../errors.js';

const texts = new WeakMap<CacheError, string>();

/** `text`: the line behind the mark of an error, decoded. */
export function noteRefusal<E extends CacheError>(error: E, text: string): E {
  texts.set(error, text);
  return error;
}

/** `undefined` for an error that is no server's refusal. */
export function refusalOf(error: unknown): string | undefined {
  return error instanceof Error ? texts.get(error as CacheError) : undefined;
}
