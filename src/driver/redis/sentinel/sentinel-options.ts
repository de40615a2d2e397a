/** What the driver of a node behind sentinels is told. */

import type { Clock } from '../../../base/clock.js';
import type { Address, CredentialsSource, TlsOptions } from '../../driver.js';
import type { RedisDriverOptions } from '../redis-options.js';

export interface SentinelAccess {
  readonly credentials?: CredentialsSource | undefined;
  /** Present exactly if the sentinels speak TLS. */
  readonly tls?: TlsOptions | undefined;
}

/** All but the address is about the master, whichever it is. */
export interface SentinelDriverOptions extends Omit<RedisDriverOptions, 'address'> {
  readonly sentinels: readonly Address[];
  /** What the sentinels call the master. */
  readonly masterName: string;
  /** @default neither credentials nor TLS */
  readonly sentinel?: SentinelAccess | undefined;
  readonly clock: Clock;
}
