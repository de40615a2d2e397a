/** What both drivers do around the first words of a connection: the deadline, the reasons of a failure, the limits learned. */

import { CacheError, NodeError } from '../../errors.js';
import { MAX_KEY_BYTES } from './key-token.js';
import {
  DEFAULT_MAX_VALUE_BYTES,
  FLAG_BYTES,
  FRAME_ALLOWANCE_BYTES,
  type MemcachedOptions,
} from './memcached-options.js';
import { largestValue } from './node-facts.js';

/** Runs `introduce` until it ends or the signal aborts; if it fails, the connection is destroyed and the reason rejects. */
export async function shakeHands(
  connection: { destroy(error: CacheError): void },
  where: string,
  { tls }: MemcachedOptions,
  signal: AbortSignal,
  introduce: () => Promise<void>,
): Promise<void> {
  const hint = tls === undefined ? ' (TLS port?)' : '';
  const abort = (): void => {
    const text = `${where} accepted the connection but did not answer in time${hint}`;
    connection.destroy(new NodeError('unreachable', text, { cause: signal.reason }));
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    if (signal.aborted) abort();
    await introduce();
  } catch (cause) {
    const error = explain(cause, where, hint);
    connection.destroy(error);
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function explain(cause: unknown, where: string, hint: string): CacheError {
  if (cause instanceof NodeError && cause.reason === 'lost')
    return new NodeError('lost', `${where} closed the connection during the handshake${hint}`, { cause });
  if (cause instanceof CacheError) return cause;
  return new NodeError('lost', `the handshake with ${where} failed`, { cause });
}

/** No memcached can be set to larger items (`-I 1024m`); a length near 2^31 would be refused and the value executed. */
const LARGEST_ITEM = 1024 ** 3;

export interface Limits {
  /** Largest item the server takes, as far as it told. */
  readonly itemBytes: number;
  /** Longest frame read. */
  readonly frameBytes: number;
  /** Largest value for a key of any length; `undefined` if nobody set a limit. */
  readonly valueBytes: number | undefined;
}

export function limitsOf(told: number | undefined, { maxValueBytes, isVerbatim }: MemcachedOptions): Limits {
  const itemBytes = told ?? Number.POSITIVE_INFINITY;
  const fitting = Math.min(maxValueBytes ?? itemBytes, largestValue(itemBytes, MAX_KEY_BYTES));
  return {
    itemBytes: Math.min(itemBytes, LARGEST_ITEM),
    frameBytes: (maxValueBytes ?? told ?? DEFAULT_MAX_VALUE_BYTES) + FRAME_ALLOWANCE_BYTES,
    valueBytes: Number.isFinite(fitting) ? fitting + (isVerbatim === true ? FLAG_BYTES : 0) : undefined,
  };
}
