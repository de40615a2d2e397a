/** How often this client may call, and how often each node may be asked: the options and their check. */

import { either, type OptionRule, resolveOptions } from '../node/option-rules.js';
import { type RateLimitOptions, resolveRateLimitOptions } from '../node/rate-limit.js';

export interface RateLimitsOptions {
  /** Calls of this cache, a call on many keys counting once. @default none */
  readonly client?: RateLimitOptions | undefined;
  /** Operations asked of each node; what the cache does behind the scenes is not counted. @default none */
  readonly node?: RateLimitOptions | undefined;
}

export type RateLimitSettings = RateLimitsOptions;

const object: OptionRule = { says: 'an object', holds: (value) => typeof value === 'object' && value !== null };
const objectOrNothing = either(object, { says: 'undefined', holds: (value) => value === undefined });

/** @throws OptionError naming the option below `rateLimit`. */
export function resolveRateLimits(options: RateLimitsOptions): RateLimitSettings {
  const rules = { client: objectOrNothing, node: objectOrNothing };
  const limits = resolveOptions<RateLimitsOptions>('rateLimit', options, {}, rules);
  if (limits.client !== undefined) resolveRateLimitOptions(limits.client, 'rateLimit.client');
  if (limits.node !== undefined) resolveRateLimitOptions(limits.node, 'rateLimit.node');
  return limits;
}
