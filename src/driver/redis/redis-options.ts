/** What the Redis driver is told. */

import type { LookupFunction } from 'node:net';
import type { Address, CredentialsSource, TlsOptions } from '../driver.js';

export interface RedisDriverOptions {
  readonly address: Address;
  /** Number of the database. @default 0 */
  readonly database?: number | undefined;
  readonly credentials?: CredentialsSource | undefined;
  /** Encrypts, and verifies the server unless told not to. */
  readonly tls?: TlsOptions | undefined;
  /** Largest single value accepted from the server; a larger one ends the connection. @default 64 MiB */
  readonly maxReplyBytes?: number | undefined;
  /** Whether an open, idle connection lets the process end. @default false */
  readonly unref?: boolean | undefined;
  /** Replaces the system's name look-up. */
  readonly lookup?: LookupFunction | undefined;
}
