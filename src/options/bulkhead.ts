/** Limits per node and lane: the options, their defaults and their check. */

import { OptionError } from '../errors.js';
import { LANES, type Lane } from '../node/lane.js';
import { either, integer, number, oneOf, resolveOptions } from '../node/option-rules.js';

export interface LaneOptions {
  /**
   * Connections, 1 to 64; a key always takes the same one while it can be had. More help only where one connection is
   * saturated. `'auto'` follows the load by Little's law, from 1 to 16. @default 1
   */
  readonly connections?: number | 'auto' | undefined;
  /** Operations per connection sent and not yet answered. @default 1_024 */
  readonly maxInFlight?: number | undefined;
  /** Operations per connection waiting for room; more are refused with `ERR_BULKHEAD_FULL`. @default 8_192 */
  readonly maxQueued?: number | undefined;
  /** Bytes of the values among them. @default 67_108_864 */
  readonly maxQueuedBytes?: number | undefined;
  /** Longest wait for room in ms. @default 60_000: the deadline of the attempt ends it first */
  readonly maxQueueAgeMs?: number | undefined;
  /** Sends fewer at once, down to 4, while answers take longer than they do under light load. @default false */
  readonly adaptive?: boolean | undefined;
}

export interface BulkheadOptions extends LaneOptions {
  /** Values of more bytes travel in the bulk lane, so that small calls do not wait behind them. @default 65_536 */
  readonly largeValueBytes?: number | undefined;
  /** Limits of one lane where they differ from the rest. */
  readonly interactive?: LaneOptions | undefined;
  readonly bulk?: LaneOptions | undefined;
  readonly background?: LaneOptions | undefined;
}

export interface LaneSettings {
  readonly connections: number | 'auto';
  readonly maxInFlight: number;
  readonly maxQueued: number;
  readonly maxQueuedBytes: number;
  readonly maxQueueAgeMs: number;
  readonly adaptive: boolean;
}

const DEFAULTS: LaneSettings = {
  connections: 1,
  maxInFlight: 1_024,
  maxQueued: 8_192,
  maxQueuedBytes: 64 * 1024 * 1024,
  maxQueueAgeMs: 60_000,
  adaptive: false,
};

const RULES = {
  connections: either(integer(1, 64), oneOf(['auto'])),
  maxInFlight: integer(1, 1_000_000),
  maxQueued: integer(0, 10_000_000),
  maxQueuedBytes: integer(0),
  maxQueueAgeMs: number(1),
  adaptive: { says: 'true or false', holds: (value: unknown) => typeof value === 'boolean' },
};

/** @throws OptionError naming the option below `bulkhead`. */
export function resolveBulkhead(options: BulkheadOptions): {
  readonly lanes: Record<Lane, LaneSettings>;
  readonly largeValueBytes: number;
} {
  if (typeof options !== 'object' || options === null) throw new OptionError('bulkhead', 'must be an object');
  const { largeValueBytes, interactive, bulk, background, ...all } = options;
  const common = resolveOptions('bulkhead', all, DEFAULTS, RULES);
  const given: Record<Lane, LaneOptions | undefined> = { interactive, bulk, background };
  const lane = (name: Lane): LaneSettings =>
    given[name] === undefined ? common : resolveOptions(`bulkhead.${name}`, given[name], common, RULES);
  const own = resolveOptions(
    'bulkhead',
    { largeValueBytes },
    { largeValueBytes: 65_536 },
    { largeValueBytes: integer(1) },
  );
  const [first, second, third] = LANES.map(lane) as [LaneSettings, LaneSettings, LaneSettings];
  return { lanes: { interactive: first, bulk: second, background: third }, largeValueBytes: own.largeValueBytes };
}
