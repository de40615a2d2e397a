/** What both memcached drivers are told. */

import { type Clock, systemClock } from '../../base/clock.js';
import type { CredentialsSource } from '../driver.js';
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
