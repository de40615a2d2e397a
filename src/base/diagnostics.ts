/**
 * What the library tells whoever subscribes to its diagnostics channels, by `node:diagnostics_channel`. Nothing is made and
 * no clock is read while nobody does.
 */

import { channel } from 'node:diagnostics_channel';

/** On `ringfence:call`: a call of the cache has ended. */
export interface CallMessage {
  /** The method: `get`, `setMany`, … */
  readonly name: string;
  readonly lane: string;
  /** `done`, or the code of the error: a miss, and a `false`, are no errors. */
  readonly outcome: string;
  readonly durationMs: number;
}

/** On `ringfence:attempt`: a batch sent to a node has ended. */
export interface AttemptMessage {
  readonly node: string;
  readonly lane: string;
  /** Operations that travelled together. */
  readonly batchSize: number;
  /**
   * All `answered`; or some `refused` by a node that is not well; `expired` before their answers; `lost` with the connection;
   * `dropped` by ourselves.
   */
  readonly outcome: 'answered' | 'refused' | 'expired' | 'lost' | 'dropped';
  readonly durationMs: number;
}

export const CALLS = channel('ringfence:call');
export const ATTEMPTS = channel('ringfence:attempt');

/** Tells how `work`, begun just now, ends; what becomes of it is still its caller's business. */
export function tellCall(name: string, lane: string, work: Promise<unknown>): void {
  const beganAt = performance.now();
  const tell = (outcome: string): void => {
    const message: CallMessage = { name, lane, outcome, durationMs: performance.now() - beganAt };
    CALLS.publish(message);
  };
  work.then(
    () => tell('done'),
    (error: unknown) => tell(String(Object(error).code ?? 'error')),
  );
}
