/** What both memcached drivers are told. */

import { type Clock, systemClock } from '../../base/clock.js';
import { CacheError, NodeError } from '../../errors.js';
import type { Credentials, CredentialsSource } from '../driver.js';
import type { WireOptions } from './open-wire.js';

export interface MemcachedOptions extends WireOptions {
  readonly credentials?: CredentialsSource | undefined;
  /** Longest value read from the server; a longer one ends the connection. @default what the server takes, else 64 MiB */
  readonly maxValueBytes?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** For a server that does not tell its own limit. */
export const DEFAULT_MAX_VALUE_BYTES = 64 * 1024 * 1024;

/** What a frame may take beyond the largest value. */
export const FRAME_ALLOWANCE_BYTES = 64 * 1024;

export function clockOf({ clock = systemClock }: MemcachedOptions): Clock {
  return clock;
}

/** Asks for the credentials; a failure to tell them is the node's `auth`, an abort wins over a slow answer. */
export async function askCredentials(
  source: CredentialsSource | undefined,
  signal: AbortSignal,
): Promise<Credentials | undefined> {
  if (typeof source !== 'function') return source;
  const { promise: aborted, stop } = whenAborted(signal, 'the credentials were not told in time');
  try {
    return await Promise.race([source(), aborted]);
  } catch (cause) {
    if (cause instanceof CacheError) throw cause;
    throw new NodeError('auth', 'the credentials could not be had', { cause });
  } finally {
    stop();
  }
}

function whenAborted(signal: AbortSignal, why: string): { promise: Promise<never>; stop: () => void } {
  let onAbort = (): void => undefined;
  const promise = new Promise<never>((_, reject) => {
    onAbort = () => reject(new NodeError('unreachable', why, { cause: signal.reason }));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  promise.catch(() => undefined);
  return { promise, stop: () => signal.removeEventListener('abort', onAbort) };
}
