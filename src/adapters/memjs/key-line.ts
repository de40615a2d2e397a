/**
 * Calls upon one key in the order in which they were made, awaited or not, as on memjs's one socket.
 *
 * The core keeps that order but for two cases. A read that a write was issued behind is asked again, behind that write, since
 * what it brought no longer counts there. And a count of what is no number, with a write behind it, is told as the count of a
 * missing key. So here a count waits for the reads of its key that are under way, any other write for reads and counts, and
 * whatever comes behind waits with it. Nobody waits beyond the deadline of his own call: whoever he waits for began earlier.
 */

import type { Clock } from '../../base/clock.js';
import { Fifo } from '../../base/fifo.js';
import type { Call } from '../../calls/call-options.js';
import { CacheError, TimeoutError } from '../../errors.js';

type Work<T> = (call: Call) => Promise<T>;

type Kind = 'read' | 'count' | 'write';

interface Waiting {
  readonly kind: Kind;
  start(): void;
}

interface Line {
  /** Under way. */
  reads: number;
  counts: number;
  waiting: Fifo<Waiting> | undefined;
}

export interface KeyLineOptions {
  readonly clock: Clock;
  readonly call: Call;
  /** Calls waiting, over all keys; more are refused. */
  readonly maxWaiting: number;
  /** Bytes of the values among them. */
  readonly maxBytes: number;
}

export class KeyLine {
  readonly #clock: Clock;
  readonly #call: Call;
  readonly #maxWaiting: number;
  readonly #maxBytes: number;
  readonly #lines = new Map<string, Line>();
  #waiting = 0;
  #bytes = 0;
  #idlers: (() => void)[] = [];

  constructor({ clock, call, maxWaiting, maxBytes }: KeyLineOptions) {
    this.#clock = clock;
    this.#call = call;
    this.#maxWaiting = maxWaiting;
    this.#maxBytes = maxBytes;
  }

  /** Resolves once nobody waits: all have begun. */
  get idle(): Promise<void> {
    return this.#waiting === 0 ? Promise.resolve() : new Promise((resolve) => this.#idlers.push(resolve));
  }

  /** None of the three throws. */
  read<T>(key: string, work: Work<T>): Promise<T> {
    return this.#enter(key, 'read', work, 0);
  }

  count<T>(key: string, work: Work<T>): Promise<T> {
    return this.#enter(key, 'count', work, 0);
  }

  /** @param bytes what the work holds */
  write<T>(key: string, work: Work<T>, bytes = 0): Promise<T> {
    return this.#lines.has(key) ? this.#enter(key, 'write', work, bytes) : begin(work, this.#call);
  }

  #enter<T>(key: string, kind: Kind, work: Work<T>, bytes: number): Promise<T> {
    let line = this.#lines.get(key);
    if (line === undefined) {
      line = { reads: 0, counts: 0, waiting: undefined };
      this.#lines.set(key, line);
    }
    return line.waiting === undefined && mayStart(kind, line)
      ? this.#start(key, line, kind, this.#call, work)
      : this.#inTurn(key, line, kind, work, bytes);
  }

  #start<T>(key: string, line: Line, kind: Kind, call: Call, work: Work<T>): Promise<T> {
    if (kind === 'write') return begin(work, call);
    const part = kind === 'read' ? 'reads' : 'counts';
    line[part]++;
    const underWay = begin(work, call);
    const ended = (): void => {
      line[part]--;
      this.#advance(key, line);
    };
    underWay.then(ended, ended);
    return underWay;
  }

  #inTurn<T>(key: string, line: Line, kind: Kind, work: Work<T>, bytes: number): Promise<T> {
    if (this.#waiting >= this.#maxWaiting || this.#bytes + bytes > this.#maxBytes) {
      const text = `${this.#waiting} calls with ${this.#bytes} bytes wait for others of their key`;
      return Promise.reject(new CacheError('ERR_BULKHEAD_FULL', text, { key }));
    }
    this.#waiting++;
    this.#bytes += bytes;
    const { totalMs } = this.#call;
    const deadline = this.#clock.now() + totalMs;
    return new Promise((resolve, reject) => {
      const start = (): void => {
        this.#bytes -= bytes;
        if (--this.#waiting === 0) for (const idle of this.#idlers.splice(0)) idle();
        const leftMs = deadline - this.#clock.now();
        if (leftMs < 1) reject(tooLate(key, totalMs));
        else resolve(this.#start(key, line, kind, { ...this.#call, totalMs: leftMs }, work));
      };
      line.waiting ??= new Fifo();
      line.waiting.push({ kind, start });
    });
  }

  #advance(key: string, line: Line): void {
    const { waiting } = line;
    for (let next = waiting?.peek(); next !== undefined; next = waiting?.peek()) {
      if (!mayStart(next.kind, line)) return;
      waiting?.shift();
      next.start();
    }
    line.waiting = undefined;
    if (line.reads + line.counts === 0) this.#lines.delete(key);
  }
}

/** What is thrown is a rejection. */
function begin<T>(work: Work<T>, call: Call): Promise<T> {
  try {
    return work(call);
  } catch (error) {
    return Promise.reject(error);
  }
}

function mayStart(kind: Kind, { reads, counts }: Line): boolean {
  return kind === 'read' || (reads === 0 && (kind === 'count' || counts === 0));
}

function tooLate(key: string, totalMs: number): TimeoutError {
  return new TimeoutError(`calls of the same key made before took all of the ${totalMs} ms`, totalMs, false, { key });
}
