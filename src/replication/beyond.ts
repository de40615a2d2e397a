/** What a read needs to know once its first attempt was not enough; most reads never do. */

import type { CacheNode } from '../node/cache-node.js';
import type { OwnerWalk } from '../routing/owner-walk.js';

export class Beyond {
  /** Monotonic time of the end of the turn in which the call was issued. */
  readonly startedAt: number;
  walk: OwnerWalk | undefined = undefined;
  /** Owners that had no copy that counts. */
  missedAt: CacheNode[] | undefined = undefined;
  attempts = 0;
  /** Owners before the running hand-off that have not been asked yet. */
  former: CacheNode[] | undefined = undefined;
  isAtFormer = false;
  /** How often a write has overtaken the read. */
  overtaken = 0;

  constructor(startedAt: number) {
    this.startedAt = startedAt;
  }

  /** Only an owner gets the copy put back. */
  missed(node: CacheNode): void {
    this.missedAt ??= [];
    if (!this.isAtFormer) this.missedAt.push(node);
  }
}
