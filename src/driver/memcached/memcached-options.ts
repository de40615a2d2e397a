/** What both memcached drivers are told. */

import { type Clock, systemClock } from '../../base/clock.js';
import type { CredentialsSource } from '../driver.js';
import type { WireOptions } from './open-wire.js';

export interface MemcachedOptions extends WireOptions {
  readonly credentials?: CredentialsSource | undefined;
  /** Longest value read from the server; a longer one ends the connection. @default what the server takes, else 64 MiB */
  readonly maxValueBytes?: number | undefined;
  readonly clock?: Clock | undefined;
  /**
   * Shares entries with clients that use all memcached has: keys of up to 250 bytes, and client flags. Every value then has
   * the flags of its item before it, `FLAG_BYTES` big-endian, on its way in and out. @default false
   */
  readonly isVerbatim?: boolean | undefined;
  /** Serves on without credentials where the server knows no authentication; it is not sent them. @default false */
  readonly isAuthOptional?: boolean | undefined;
}

/** What client flags take in front of a verbatim value. */
export const FLAG_BYTES = 4;

/** For a server that does not tell its own limit. */
export const DEFAULT_MAX_VALUE_BYTES = 64 * 1024 * 1024;

/** What a frame may take beyond the largest value. */
export const FRAME_ALLOWANCE_BYTES = 64 * 1024;

export function clockOf({ clock = systemClock }: MemcachedOptions): Clock {
  return clock;
}
