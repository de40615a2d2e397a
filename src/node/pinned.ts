/**
 * What is pinned to a node can be done by no other: so it waits while the connection is away for a moment, and is sent
 * whatever the breaker thinks, since being refused here would serve nobody.
 */

import { type CacheError, NodeError } from '../errors.js';
import type { AttemptState } from './attempt-state.js';
import { BreakerOpenError } from './guard-errors.js';
import type { Link } from './link.js';
import type { PipelineContext } from './pipeline-context.js';
import type { Batch } from './wait-queue.js';

/** The time without a connection, and whether it is worth waiting for the next. */
export class Absence {
  readonly #context: PipelineContext;
  #since: number;

  /** There has been none yet. */
  constructor(context: PipelineContext) {
    this.#context = context;
    this.#since = context.turn.clock.now();
  }

  /** An open connection was lost at `now`. Of a node that went silent before nobody knows whether it lives. */
  began(error: CacheError, now: number): void {
    this.#since = error instanceof NodeError && error.reason === 'stalled' ? Number.NEGATIVE_INFINITY : now;
  }

  isBrief({ isHopeless }: Link): boolean {
    const { patience, turn } = this.#context;
    return !isHopeless && turn.clock.now() - this.#since < patience.absenceMs;
  }
}

export function outlastsAbsence({ isPinned, isBound }: AttemptState): boolean {
  return isPinned === true && isBound !== true;
}

/** The breaker is open: fails what is not pinned, and answers whether anything is left in the batch. */
export function keepPinned({ operations }: Batch, { node, breaker }: PipelineContext): boolean {
  const all = operations.splice(0);
  for (const operation of all) if (operation.isPinned === true) operations.push(operation);
  if (operations.length === all.length) return true;
  const error = new BreakerOpenError(breaker.retryAfterMs, { node: node.name });
  for (const operation of all) if (operation.isPinned !== true) operation.fail(error);
  return operations.length > 0;
}
