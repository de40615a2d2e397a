/**
 * The connections of one lane: which one a key takes, and how many there are.
 *
 * Keys fall into slots, and every slot has a connection of its own choice, its home. While that one cannot be had, the slot
 * makes do with another; a lane for which the server has no room is merely smaller. Rule R1 is kept by moving a slot only
 * when no write of its keys is on its way on the connection it leaves: a connection that is gone has none, and from an open
 * one the slot goes in the first moment in which that holds.
 *
 * With `connections: 'auto'` the number follows the load, by Little's law: at once when it grows, one at a time when it
 * has been lower for ten seconds.
 */

import type { Timer } from '../base/clock.js';
import type { Turn } from '../base/turn.js';
import { CacheError } from '../errors.js';
import type { Pipeline } from './pipeline.js';
import { recommendPoolSize } from './pool-size.js';
import type { Sweep, Swept } from './sweep.js';

export interface LanePoolParts {
  readonly connections: number | 'auto';
  /** Operations that one connection may carry at once. */
  readonly maxInFlight: number;
  readonly turn: Turn;
  readonly sweep: Sweep;
  readonly open: () => Pipeline;
}

/** What a lane has done so far. */
interface Tally {
  readonly at: number;
  readonly issued: number;
  readonly answered: number;
  readonly answeredMs: number;
}

/** A power of two. */
const SLOTS = 64;
const MASK = SLOTS - 1;
const MOST_AUTOMATIC = 16;
/** What a pipelined connection carries at once without queueing to speak of. */
const DEPTH = 256;
const LOOK_MS = 1_000;
const LOOKS_BEFORE_SHRINKING = 10;

export class LanePool implements Swept {
  readonly #parts: LanePoolParts;
  readonly #pipelines: Pipeline[] = [];
  /** None of the connections can be had at present. */
  isDown = false;
  /** By slot: where its keys go now. */
  readonly #places = new Uint8Array(SLOTS);
  /** How many of the pipelines are to be used; those beyond are on their way out. */
  #size = 1;
  #timer: Timer | undefined;
  #before: Tally = { at: 0, issued: 0, answered: 0, answeredMs: 0 };
  #looksBelow = 0;

  constructor(parts: LanePoolParts) {
    this.#parts = parts;
    this.#resize(parts.connections === 'auto' ? 1 : parts.connections);
    if (parts.connections === 'auto') this.#lookLater();
  }

  get pipelines(): readonly Pipeline[] {
    return this.#pipelines;
  }

  of(hash: number): Pipeline {
    const pipelines = this.#pipelines;
    return (pipelines.length === 1 ? pipelines[0] : pipelines[this.#places[hash & MASK] as number]) as Pipeline;
  }

  /** A connection opened or went down. */
  changed(): void {
    this.isDown = this.#pipelines.every(({ link }) => link.isDown);
    if (this.#pipelines.length > 1 && !this.#place()) this.#parts.sweep.watch(this);
  }

  sweep(): boolean {
    const isDone = this.#place();
    this.#letGo();
    return !isDone;
  }

  close(error: CacheError): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.isDown = true;
    for (const pipeline of this.#pipelines) pipeline.close(error);
  }

  /** Puts every slot where it belongs; answers whether all could go. */
  #place(): boolean {
    let isDone = true;
    const busy = new Map<Pipeline, Uint8Array>();
    for (let slot = 0; slot < SLOTS; slot++) {
      const at = this.#places[slot] as number;
      const to = this.#wanted(slot, at);
      if (to === at) continue;
      const from = this.#pipelines[at];
      if (from !== undefined && this.#isBusy(from, slot, busy)) isDone = false;
      else this.#places[slot] = to;
    }
    return isDone && this.#pipelines.length === this.#size;
  }

  /** Its home if that can be had, else where it is, else any that can be had. */
  #wanted(slot: number, at: number): number {
    const isUsable = (i: number): boolean => i < this.#size && this.#pipelines[i]?.link.isDown === false;
    const home = slot % this.#size;
    if (isUsable(home)) return home;
    if (isUsable(at)) return at;
    for (let i = 1; i < this.#size; i++) if (isUsable((home + i) % this.#size)) return (home + i) % this.#size;
    return home;
  }

  #isBusy(pipeline: Pipeline, slot: number, known: Map<Pipeline, Uint8Array>): boolean {
    let slots = known.get(pipeline);
    if (slots === undefined) {
      const found = new Uint8Array(SLOTS);
      pipeline.eachWrite((hash) => {
        found[hash & MASK] = 1;
      });
      slots = found;
      known.set(pipeline, slots);
    }
    return slots[slot] === 1;
  }

  #resize(size: number): void {
    this.#size = size;
    while (this.#pipelines.length < size) this.#pipelines.push(this.#parts.open());
    if (!this.#place()) this.#parts.sweep.watch(this);
  }

  /** Closes what is on its way out, once nothing is on its way there. */
  #letGo(): void {
    while (this.#pipelines.length > this.#size) {
      const last = this.#pipelines.length - 1;
      const pipeline = this.#pipelines[last] as Pipeline;
      if (!pipeline.isIdle || this.#places.includes(last)) return;
      this.#pipelines.pop();
      pipeline.close(new CacheError('ERR_CLOSED', 'the connection is not needed any more'));
    }
  }

  #lookLater(): void {
    this.#timer = this.#parts.turn.clock.setTimer(() => {
      this.#look(this.#parts.turn.clock.now());
      this.#lookLater();
    }, LOOK_MS);
  }

  #look(now: number): void {
    const before = this.#before;
    const done = this.#tally(now);
    this.#before = done;
    const answered = done.answered - before.answered;
    // A connection that was let go has taken its counts with it; without answers nothing is known.
    if (done.issued < before.issued || answered <= 0) return;
    const rate = ((done.issued - before.issued) * 1_000) / Math.max(1, now - before.at);
    const meanMs = Math.max(0, done.answeredMs - before.answeredMs) / answered;
    const depth = Math.min(DEPTH, this.#parts.maxInFlight);
    const wanted = Math.min(MOST_AUTOMATIC, recommendPoolSize(rate, meanMs, { depth }));
    if (wanted > this.#size) this.#resize(wanted);
    this.#looksBelow = wanted < this.#size ? this.#looksBelow + 1 : 0;
    if (this.#looksBelow < LOOKS_BEFORE_SHRINKING) return;
    this.#looksBelow = 0;
    this.#resize(this.#size - 1);
  }

  #tally(at: number): Tally {
    let [issued, answered, answeredMs] = [0, 0, 0];
    for (const pipeline of this.#pipelines) {
      issued += pipeline.issued;
      answered += pipeline.answers.answered;
      answeredMs += pipeline.answers.answeredMs;
    }
    return { at, issued, answered, answeredMs };
  }
}
