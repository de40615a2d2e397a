/** All writes of a run, whoever made them, in the order in which they were issued. */

export interface Write {
  readonly key: string;
  /** Place in the order of issue, from 1. */
  readonly seq: number;
  /** Which client issued it. */
  readonly by: number;
  readonly isDelete: boolean;
  readonly isConditional: boolean;
  expiresAt: number;
  /** `refused`: its condition did not hold, so it stands nowhere. `unsure`: it may stand on some owner, and may yet land. */
  outcome: 'open' | 'done' | 'unsure' | 'refused';
  /** How many writes had been issued when it ended. */
  endedAt: number;
}

export class History {
  readonly writes: Write[] = [];
  readonly #last = new Map<string, Write>();

  add(write: Omit<Write, 'seq' | 'outcome' | 'endedAt'>): Write {
    const added: Write = { ...write, seq: this.writes.length + 1, outcome: 'open', endedAt: Number.POSITIVE_INFINITY };
    this.writes.push(added);
    this.#last.set(added.key, added);
    return added;
  }

  at(seq: number): Write | undefined {
    return this.writes[seq - 1];
  }

  /** The last write of the key that may stand; `undefined` if the last one was refused: nobody says what stood before. */
  last(key: string): Write | undefined {
    const last = this.#last.get(key);
    return last?.outcome === 'refused' ? undefined : last;
  }

  of(key: string): Write[] {
    return this.writes.filter((write) => write.key === key);
  }

  /** What is stored now may be lost without anybody being to blame. */
  unsettle(): void {
    for (const write of this.#last.values()) if (write.outcome !== 'refused') write.outcome = 'unsure';
  }
}
