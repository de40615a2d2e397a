/** Whether reads that take long ask a second owner: the option and its check. */

import { shown } from '../base/shown.js';
import { OptionError } from '../errors.js';
import { number, resolveOptions } from '../node/option-rules.js';
import type { ReadOptions } from './groups.js';

export interface CacheReadOptions extends ReadOptions {
  /**
   * Asks the next owner, too, when the first takes longer than `afterMs`, and takes the first answer; `true` waits for
   * the 95th percentile of the node's recent answers. Works with `replication` above 1, within the budget of `retry`.
   * Shorter: a lower tail, more requests. @default false
   */
  readonly hedge?: boolean | { readonly afterMs: number } | undefined;
}

/** `afterMs` is `undefined` where it follows what is observed; all is `undefined` where reads are not hedged. */
export type HedgeSettings = { readonly afterMs: number | undefined } | undefined;

/** @throws OptionError naming the option below `read` */
export function resolveHedge(hedge: CacheReadOptions['hedge']): HedgeSettings {
  if (hedge === undefined || hedge === false) return undefined;
  if (hedge === true) return { afterMs: undefined };
  if (typeof hedge !== 'object' || hedge === null)
    throw new OptionError('read.hedge', `must be true, false or { afterMs }, got ${shown(hedge)}`);
  const { afterMs } = resolveOptions('read.hedge', hedge, { afterMs: 0 }, { afterMs: number(1) });
  if (afterMs === 0) throw new OptionError('read.hedge.afterMs', 'must be a number of at least 1, got undefined');
  return { afterMs };
}
