/**
 * Look-ups of names, a few at a time. The system's look-up holds one of the four threads that all file and name calls of
 * a process share, for as long as a dead name server makes it wait; nodes that try again and again must not take them all.
 * Whoever asks for a name that is being looked up joins in; nobody is answered from memory.
 */

import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';

type Answer = Parameters<LookupFunction>[2];

const MOST_AT_ONCE = 2;

export class NameLookup {
  readonly #ask: LookupFunction;
  readonly #joined = new Map<string, Answer[]>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(ask: LookupFunction = lookup) {
    this.#ask = ask;
  }

  /** For `net.connect`. */
  readonly look: LookupFunction = (name, options, answer) => {
    const key = JSON.stringify([name, options.family, options.hints, options.all, options.order, options.verbatim]);
    const joined = this.#joined.get(key);
    if (joined !== undefined) {
      joined.push(answer);
      return;
    }
    this.#joined.set(key, [answer]);
    if (this.#running < MOST_AT_ONCE) this.#start(key, name, options);
    else this.#waiting.push(() => this.#start(key, name, options));
  };

  #start(key: string, name: string, options: LookupOptions): void {
    this.#running++;
    this.#ask(
      name,
      options,
      (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => {
        this.#running--;
        const answers = this.#joined.get(key) ?? [];
        this.#joined.delete(key);
        this.#waiting.shift()?.();
        for (const answer of answers) answer(error, address, family);
      },
    );
  }
}

/** Of the whole process, as the threads are. */
export const nameLookup = new NameLookup();
