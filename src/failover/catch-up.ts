/**
 * Makes up for what the primary missed while another node was active, before it takes over again: the keys written
 * elsewhere are deleted there; where they were too many to name, everything of the namespace is.
 *
 * This process would not read them anyway (rule R6). It is other processes, which know nothing of these writes, that must
 * not meet them.
 */

import type { GroupMember } from './group-member.js';
import type { MissedKeys } from './missed-keys.js';

export interface CatchUpParts {
  readonly missed: MissedKeys;
  readonly primary: GroupMember;
}

/** Each takes as long as it takes to delete what was written during the one before. */
const ROUNDS = 5;

export class CatchUp {
  readonly #parts: CatchUpParts;

  constructor(parts: CatchUpParts) {
    this.#parts = parts;
  }

  /**
   * Answers whether everything was deleted by `until`. While others are still written there are always some more, for
   * whoever makes the primary take over.
   */
  async run(until: number): Promise<boolean> {
    const { missed, primary } = this.#parts;
    if (missed.forgotten > 0 && !(await this.#empty(until))) return false;
    for (let round = 0; round < ROUNDS && missed.count > 0; round++) {
      const left = await primary.remove(missed.take(), until);
      for (const key of left) missed.add(key);
      if (left.length > 0) return false;
    }
    return true;
  }

  /** The primary has been told by others: it followed the node that was active. */
  forgo(): void {
    this.#parts.missed.take();
    this.#parts.missed.forgotten = 0;
  }

  async #empty(until: number): Promise<boolean> {
    const { missed, primary } = this.#parts;
    const { forgotten } = missed;
    // What is forgotten from here on was written later than what is deleted now.
    missed.forgotten = 0;
    if (await primary.removeAll(until)) return true;
    missed.forgotten += forgotten;
    return false;
  }
}
