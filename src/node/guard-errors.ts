/**
 * The refusals of the guards: nothing was sent, nobody is to blame but our own limits, and the caller is told how full
 * we are or when to come back. `faultOf` calls all of them `local`.
 */

import { CacheError, type ErrorContext } from '../errors.js';

/** The breaker lets nothing through (`ERR_BREAKER_OPEN`). */
export class BreakerOpenError extends CacheError {
  /** Milliseconds until a call may pass as a probe; `Infinity` while forced open. */
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number, context: ErrorContext = {}) {
    const when = retryAfterMs === Infinity ? 'until it is reset' : `for another ${Math.ceil(retryAfterMs)} ms`;
    super('ERR_BREAKER_OPEN', `the breaker${of(context)} is open ${when}`, context);
    this.retryAfterMs = retryAfterMs;
  }

  override get name(): string {
    return 'BreakerOpenError';
  }
}

/** How full a bulkhead was when it refused. */
export interface BulkheadFill {
  readonly inFlight: number;
  readonly maxInFlight: number;
  readonly queued: number;
  readonly maxQueued: number;
  /** Bytes of the values in the queue, where somebody counts them. */
  readonly queuedBytes?: number | undefined;
  /** Age of the oldest call in the queue; 0 if none waits. */
  readonly oldestWaitMs: number;
}

/** No slot was free and the queue full (`reason: 'full'`), or the call waited longer than it may (`'age'`) (`ERR_BULKHEAD_FULL`). */
export class BulkheadFullError extends CacheError implements BulkheadFill {
  readonly reason: 'full' | 'age';
  readonly lane: string | undefined;
  readonly inFlight: number;
  readonly maxInFlight: number;
  readonly queued: number;
  readonly maxQueued: number;
  readonly queuedBytes: number | undefined;
  readonly oldestWaitMs: number;

  constructor(reason: 'full' | 'age', fill: BulkheadFill, context: ErrorContext & { readonly lane?: string } = {}) {
    const bytes = fill.queuedBytes === undefined ? '' : ` (${fill.queuedBytes} bytes)`;
    const sizes = `${fill.inFlight} of ${fill.maxInFlight} in flight, ${fill.queued} of ${fill.maxQueued} queued${bytes}`;
    const cause = reason === 'full' ? 'is full' : 'kept the call in its queue for too long';
    const lane = context.lane === undefined ? '' : ` (lane ${context.lane})`;
    super(
      'ERR_BULKHEAD_FULL',
      `the bulkhead${of(context)}${lane} ${cause}: ${sizes}, oldest waits ${Math.round(fill.oldestWaitMs)} ms`,
      context,
    );
    this.reason = reason;
    this.lane = context.lane;
    this.inFlight = fill.inFlight;
    this.maxInFlight = fill.maxInFlight;
    this.queued = fill.queued;
    this.maxQueued = fill.maxQueued;
    this.queuedBytes = fill.queuedBytes;
    this.oldestWaitMs = fill.oldestWaitMs;
  }

  override get name(): string {
    return 'BulkheadFullError';
  }
}

/** The rate limit is used up (`ERR_RATE_LIMITED`). */
export class RateLimitedError extends CacheError {
  /** Milliseconds until one more call may pass. */
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number, context: ErrorContext = {}) {
    super(
      'ERR_RATE_LIMITED',
      `the rate limit${of(context)} is used up for another ${Math.ceil(retryAfterMs)} ms`,
      context,
    );
    this.retryAfterMs = retryAfterMs;
  }

  override get name(): string {
    return 'RateLimitedError';
  }
}

function of(context: ErrorContext): string {
  return context.node === undefined ? '' : ` of ${context.node}`;
}
