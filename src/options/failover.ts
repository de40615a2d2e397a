/** Fail-over within groups of nodes: the options, their defaults and their check. */

import { OptionError } from '../errors.js';
import type { FailoverSettings } from '../failover/failover-settings.js';
import { integer, number, type OptionRule, oneOf, resolveOptions } from '../node/option-rules.js';

export interface FailoverOptions {
  /** `automatic`: a standby takes over when the active node of its group is ejected; `manual`: `cache.failover` alone decides. @default 'automatic' */
  readonly strategy?: 'automatic' | 'manual' | undefined;
  /** Whether the primary takes over again when it is well, unless a standby was chosen by hand. @default 'automatic' */
  readonly failback?: 'automatic' | 'manual' | undefined;
  /** How long it must have been well, without a break. @default 30_000 */
  readonly failbackDelayMs?: number | undefined;
  /** A Redis standby that is further behind is taken only if there is no better one. @default 1_048_576 */
  readonly maxLagBytes?: number | undefined;
  /**
   * Whether a Redis replica may be told to be a master (`REPLICAOF NO ONE`) so that it can take over. Otherwise it takes
   * over once somebody else has done so. @default false
   */
  readonly promote?: boolean | undefined;
}

const DEFAULTS: FailoverSettings = {
  strategy: 'automatic',
  failback: 'automatic',
  failbackDelayMs: 30_000,
  maxLagBytes: 1024 * 1024,
  promote: false,
};

const yesOrNo: OptionRule = { says: 'true or false', holds: (value) => typeof value === 'boolean' };

/** @param isWatched whether nodes are probed: without, nobody knows when to fail over. @throws OptionError */
export function resolveFailover(options: FailoverOptions, isWatched: boolean): FailoverSettings {
  if (options.strategy === 'automatic' && !isWatched)
    throw new OptionError('failover.strategy', "must be 'manual' where health is false");
  const strategy = isWatched ? DEFAULTS.strategy : 'manual';
  return resolveOptions<FailoverSettings>(
    'failover',
    options,
    { ...DEFAULTS, strategy },
    {
      strategy: oneOf(['automatic', 'manual']),
      failback: oneOf(['automatic', 'manual']),
      failbackDelayMs: number(0),
      maxLagBytes: integer(0),
      promote: yesOrNo,
    },
  );
}
