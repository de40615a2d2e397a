/** Which keys are cache and not data. */

import { OptionError } from '../../errors.js';
import { globPattern } from './glob.js';

/** All keys, those that match one of the patterns, or those that the function picks, which must always answer alike. */
export type CacheableOption = boolean | string | readonly string[] | ((key: string) => boolean);

/** Of a key as it is on the wire, `keyPrefix` included. */
export type Cacheable = (key: string) => boolean;

/** `undefined` if there are none. @throws OptionError */
export function cacheableOf(option: unknown): Cacheable | undefined {
  if (option === undefined || option === false) return undefined;
  if (option === true) return () => true;
  if (typeof option === 'function') return heedful((key) => option(key) === true);
  const patterns: unknown[] = Array.isArray(option) ? option : [option];
  if (patterns.length === 0 || !patterns.every((pattern) => typeof pattern === 'string' && pattern !== ''))
    throw new OptionError('cacheable', 'must be true, false, a pattern, a list of patterns, or a function');
  const all = patterns.map((pattern) => globPattern(String(pattern)));
  return (key) => all.some((pattern) => pattern.test(key));
}

/** A key that the function fails on is data, which is safe with any key; that it failed is told once. */
function heedful(picks: Cacheable): Cacheable {
  let hasFailed = false;
  return (key) => {
    try {
      return picks(key);
    } catch (error) {
      if (!hasFailed)
        process.emitWarning(`cacheable threw, so the key is taken for data: ${String(error)}`, {
          code: 'RINGFENCE_CACHEABLE_FAILED',
        });
      hasFailed = true;
      return false;
    }
  };
}
