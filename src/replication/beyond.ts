/** What a read needs to know once its first attempt was not enough; most reads never do. */

import type { CacheError } from '../errors.js';
import type { CacheNode } from '../node/cache-node.js';
import type { OwnerWalk } from '../routing/owner-walk.js';

export class Beyond {
  /** Monotonic time of the end of the turn in which the call was issued. */
  readonly startedAt: number;
  walk: OwnerWalk | undefined = undefined;
  /** Owners that had no copy that counts. A miss at a former owner says nothing: what it had may have moved. */
  missedAt: CacheNode[] | undefined = undefined;
  /** Why the last owner that failed did. */
  error: CacheError | undefined = undefined;
  attempts = 0;
  /** Owners before the running hand-off that have not been asked yet. */
  former: CacheNode[] | undefined = undefined;
  isAtFormer = false;
  /** How often a write has overtaken the read. */
  overtaken = 0;
  /** Nodes that something stood against the copies of, when they were asked last. */
  doubted: Set<CacheNode> | undefined = undefined;

  constructor(startedAt: number) {
    this.startedAt = startedAt;
  }

  missed(node: CacheNode): void {
    if (this.isAtFormer) return;
    this.missedAt ??= [];
    this.missedAt.push(node);
  }

  doubt(node: CacheNode): void {
    this.doubted ??= new Set();
    this.doubted.add(node);
  }
}
