/** What the driver of a node that is a Redis Cluster is told. */

import type { Clock } from '../../../base/clock.js';
import type { Address } from '../../driver.js';
import type { RedisDriverOptions } from '../redis-options.js';

/** All but the address is about every server. */
export interface ClusterDriverOptions extends Omit<RedisDriverOptions, 'address' | 'database'> {
  /** Some of its servers, masters or not: one that answers tells the others. */
  readonly hosts: readonly Address[];
  readonly clock: Clock;
  /** How long connecting waits for the other servers when one has answered, in ms. @default 100 */
  readonly graceMs?: number | undefined;
  /** A server that owes replies and sends nothing for so long is given up, in ms: less than any caller waits for. @default 150 */
  readonly silentMs?: number | undefined;
}
