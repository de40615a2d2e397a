/** The README keeps up with the code: whoever adds an option, an error, an event or a placement has to say so there. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../src/errors.js';
import { CacheError, createCache } from '../src/index.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** What an error message lists after "are" or "one of". */
function listed(provoke: () => unknown): string[] {
  try {
    provoke();
  } catch (error) {
    if (error instanceof CacheError)
      return /(?:are|one of) (.+?)(?:, got .*)?$/.exec(error.message)?.[1]?.split(', ') ?? [];
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('the README', () => {
  it('has every option in its table', () => {
    const options = listed(() => Reflect.apply(createCache, undefined, [{ bogus: 1 }]));
    expect(options.length).toBeGreaterThan(20);
    expect(options.filter((name) => !new RegExp(`^\\|[^|]*\`${name}[\`.]`, 'm').test(readme))).toEqual([]);
  });

  it('names every event', async () => {
    const cache = createCache();
    const events = listed(() => Reflect.apply(cache.on, cache, ['bogus', () => undefined]));
    await cache.close();
    expect(events.length).toBeGreaterThan(10);
    expect(events.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
  });

  it('has every error code in its table', () => {
    const codes: Record<ErrorCode, true> = {
      ERR_INVALID_KEY: true,
      ERR_INVALID_VALUE: true,
      ERR_INVALID_OPTION: true,
      ERR_VALUE_TOO_LARGE: true,
      ERR_TIMEOUT: true,
      ERR_ABORTED: true,
      ERR_BREAKER_OPEN: true,
      ERR_BULKHEAD_FULL: true,
      ERR_RATE_LIMITED: true,
      ERR_NODE: true,
      ERR_UNAVAILABLE: true,
      ERR_INDETERMINATE: true,
      ERR_CROSS_NODE: true,
      ERR_CLOSED: true,
    };
    expect(Object.keys(codes).filter((code) => !readme.includes(`\`${code}\``))).toEqual([]);
  });
});
