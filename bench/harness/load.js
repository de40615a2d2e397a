/**
 * A closed loop: so many calls in flight, each followed by the next as soon as it is answered, for a given time. Every
 * answer is judged. What happens while the loop starts and ends is not counted.
 */

import { createHistogram } from 'node:perf_hooks';
import { RIGHT, UNANSWERED } from './operations.js';

/** The clock is read once in so many calls: reading it for each would be a good part of what a fast call costs. */
const CLOCK_EVERY = 64;
/** With many calls in flight one in so many is timed, for the same reason; with few, each. */
const TIME_EVERY = 16;
const FEW = 16;
const TOO_MANY_FAILURES = 1_000;

export class Load {
  #issue;
  #judge;
  #order;
  #at = 0;

  /** Times of the calls of all slices, in nanoseconds. */
  latencies = createHistogram();

  constructor({ issue, judge }, order) {
    this.#issue = issue;
    this.#judge = judge;
    this.#order = order;
  }

  /** @returns {Promise<object>} what was counted in `sliceMs`, after `rampMs` that were not */
  async run({ inFlight, rampMs, sliceMs, timeEvery = inFlight <= FEW ? 1 : TIME_EVERY }) {
    const slice = new Slice(rampMs, sliceMs);
    await Promise.all(Array.from({ length: inFlight }, () => this.#work(slice, timeEvery)));
    if (slice.latencies.count > 0) this.latencies.add(slice.latencies);
    return slice.result();
  }

  async #work(slice, timeEvery) {
    const issue = this.#issue;
    const judge = this.#judge;
    const order = this.#order;
    while (!slice.isOver) {
      const i = order[this.#at];
      this.#at = this.#at + 1 === order.length ? 0 : this.#at + 1;
      const began = ++slice.issued % timeEvery === 0 ? performance.now() : 0;
      try {
        const reply = await issue(i);
        if (began !== 0) slice.time(performance.now() - began);
        const verdict = judge(reply, i);
        if (verdict !== RIGHT) slice.note(verdict, reply, i);
      } catch (error) {
        slice.note(UNANSWERED, error, i);
      }
      if (++slice.calls % CLOCK_EVERY === 0) slice.look();
    }
  }
}

/** The counters of one run of the loop. */
class Slice {
  isOver = false;
  issued = 0;
  calls = 0;
  latencies = createHistogram();
  #isCounting = false;
  #unanswered = 0;
  #wrong = 0;
  #example;
  #before;
  #after;
  #endsAt;
  #sliceMs;

  constructor(rampMs, sliceMs) {
    this.#sliceMs = sliceMs;
    this.#endsAt = performance.now() + rampMs;
    // Answers that come without any I/O leave timers no turn, so `look` is called by the loop as well.
    setTimeout(() => this.look(), rampMs + 0.5);
    setTimeout(() => this.look(), rampMs + sliceMs + 1);
  }

  /** Notices when the ramp, and then the slice, is over. */
  look() {
    const now = performance.now();
    if (now < this.#endsAt || this.isOver) return;
    const reading = { now, calls: this.calls, cpu: process.cpuUsage() };
    if (this.#isCounting) {
      this.#after = reading;
      this.isOver = true;
      return;
    }
    this.#before = reading;
    this.#isCounting = true;
    this.#endsAt = now + this.#sliceMs;
    setTimeout(() => this.look(), this.#sliceMs + 0.5);
  }

  time(ms) {
    if (this.#isCounting && !this.isOver) this.latencies.record(Math.max(1, Math.round(ms * 1e6)));
  }

  note(verdict, reply, i) {
    const count = verdict === UNANSWERED ? ++this.#unanswered : ++this.#wrong;
    this.#example ??= `key ${i}: ${reply instanceof Error ? reply.message : String(reply).slice(0, 80)}`;
    if (count < TOO_MANY_FAILURES) return;
    // A client that fails at once would otherwise keep timers from ever running.
    this.#before ??= { now: performance.now(), calls: this.calls, cpu: process.cpuUsage() };
    this.#after = { now: performance.now(), calls: this.calls, cpu: process.cpuUsage() };
    this.isOver = true;
  }

  result() {
    const seconds = (this.#after.now - this.#before.now) / 1_000;
    const calls = this.#after.calls - this.#before.calls;
    const { user, system } = this.#after.cpu;
    const cpuMicros = user + system - this.#before.cpu.user - this.#before.cpu.system;
    return {
      calls,
      perSecond: calls / seconds,
      cpuMicrosPerCall: cpuMicros / calls,
      p50: this.latencies.percentile(50) / 1_000,
      p99: this.latencies.percentile(99) / 1_000,
      issued: this.issued,
      unanswered: this.#unanswered,
      wrong: this.#wrong,
      example: this.#example,
    };
  }
}
