/**
 * Watches one node of a group by connections of its own, whether it is active or not: whether it answers, since when, and
 * what place in a replication it tells. Its verdicts concern nobody else: the active node's breaker and health are judged
 * by the data that goes there.
 */

import type { Clock, Timer } from '../base/clock.js';
import { type DetectorSettings, FailureDetector } from '../cluster/failure-detector.js';
import type { ReplicationInfo } from './replication-info.js';

/** What a look at a node found. */
export interface Sighting {
  /** `undefined` where the node has none to tell. */
  readonly replication: ReplicationInfo | undefined;
}

export interface WatchParts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly settings: DetectorSettings & { readonly intervalMs: number; readonly timeoutMs: number };
  /** Rejects if the node does not answer. */
  readonly look: () => Promise<Sighting>;
  /** Called after each look. */
  readonly looked: () => void;
}

/** A look that took so much longer than it may was late for our own sake, and is no evidence. */
const LATE_MS = 50;

export class MemberWatch {
  readonly #parts: WatchParts;
  readonly #detector: FailureDetector;
  #timer: Timer | undefined;
  #looking: Promise<void> | undefined;
  #isStopped = false;
  #upSince: number | undefined;
  #replication: ReplicationInfo | undefined;

  constructor(parts: WatchParts) {
    this.#parts = parts;
    this.#detector = new FailureDetector(parts.settings);
  }

  /** Since when every look has been answered, in monotonic ms; `undefined` if the last was not. */
  get upSince(): number | undefined {
    return this.#upSince;
  }

  /** Answers, and is not kept out for having failed lately. */
  get isWell(): boolean {
    return this.#upSince !== undefined && !this.#detector.isMasked;
  }

  get state(): 'unknown' | 'healthy' | 'ejected' {
    const { state } = this.#detector;
    return state === 'unknown' || state === 'ejected' ? state : 'healthy';
  }

  /** As last told. */
  get replication(): ReplicationInfo | undefined {
    return this.#replication;
  }

  start(): void {
    this.#schedule(this.#parts.settings.intervalMs * this.#parts.random() * 0.1);
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  /** Looks now; resolves when that has been judged. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  #schedule(ms: number): void {
    if (this.#isStopped) return;
    this.#timer = this.#parts.clock.setTimer(() => {
      void this.look().then(() => {
        const { settings, random } = this.#parts;
        const intervalMs = this.#detector.isSuspect ? settings.intervalMs / 4 : settings.intervalMs;
        this.#schedule(intervalMs * (0.75 + random() / 2));
      });
    }, ms);
  }

  async #look(): Promise<void> {
    const { clock, look, looked } = this.#parts;
    const beganAt = clock.now();
    const seen = await look().catch(() => undefined);
    if (this.#isStopped) return;
    const detector = this.#detector;
    const now = clock.now();
    if (seen === undefined) {
      if (now - beganAt > this.#parts.settings.timeoutMs + LATE_MS) return;
      this.#upSince = undefined;
      detector.failed();
      if (detector.isFailing) detector.eject(now);
    } else {
      this.#upSince ??= now;
      this.#replication = seen.replication;
      detector.passed(now);
      if (detector.mayReturn(now)) detector.recover(now);
    }
    looked();
  }
}
