/**
 * A cache whose nodes were tried, and one of them reached, on a machine that may take longer over it than `ready()` has
 * patience for: loading a driver for the first time is part of it.
 */

import { CacheError } from '../../src/index.js';

const MAX_TRIES = 12;

/** Resolves once `cache.ready()` does; rejects if it still says after a minute that no node can be reached. */
export async function reached(cache: { ready(): Promise<void> }): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await cache.ready();
      return;
    } catch (error) {
      const isEarly = error instanceof CacheError && error.code === 'ERR_UNAVAILABLE';
      if (!isEarly || tries === MAX_TRIES) throw error;
    }
  }
}
