/**
 * So many calls a second, whatever becomes of the earlier ones: 95 gets to 5 sets, keys by chance, and what a get misses
 * is set, as an application does. Every call is kept with its latency, what the event loop had to do with it, and what came
 * back; a value must never be older than one whose set was confirmed before the get began.
 */

import { LoopDelay } from './loop-delay.js';

export const OUTCOMES = ['unsettled', 'hit', 'miss', 'old', 'error', 'stored', 'refused'];
const [UNSETTLED, HIT, MISS, OLD, ERROR, STORED, REFUSED] = OUTCOMES.keys();
export const GET = 0;
export const SET = 1;
const SET_SHARE = 0.05;
const TICK_MS = 2;
const FILL_AT_ONCE = 500;

export class Load {
  #client;
  #rate;
  #random;
  #keys;
  /** By key: the number of the last set issued, and of the last that was confirmed. */
  #issued;
  #confirmed;
  #serial = 0;
  #delay = new LoopDelay();
  #isOver = false;
  #running;
  /** Answers older than the last set that was issued, confirmed or not. */
  olderThanIssued = 0;
  errors = new Map();
  // By call.
  kind = [];
  key = [];
  at = [];
  ms = [];
  lostMs = [];
  outcome = [];

  constructor({ client, keys, rate, random }) {
    this.#client = client;
    this.#rate = rate;
    this.#random = random;
    this.#keys = Array.from({ length: keys }, (_, i) => `key-${i}`);
    this.#issued = new Float64Array(keys);
    this.#confirmed = new Float64Array(keys);
  }

  get nodesOf() {
    return (i) => this.#client.nodesOf(this.#keys[i]);
  }

  async fill() {
    for (let from = 0; from < this.#keys.length; from += FILL_AT_ONCE) {
      const some = this.#keys.slice(from, from + FILL_AT_ONCE);
      await Promise.all(some.map((_, i) => this.#write(from + i)));
    }
  }

  start() {
    this.#running = this.#run();
  }

  /** Issues nothing any more, and gives what is under way `patienceMs` to settle. */
  async stop(patienceMs) {
    this.#isOver = true;
    await this.#running;
    const end = performance.now() + patienceMs;
    while (performance.now() < end && this.outcome.includes(UNSETTLED)) await pause(20);
    this.#delay.stop();
  }

  async #run() {
    const began = performance.now();
    let done = 0;
    while (!this.#isOver) {
      const due = ((performance.now() - began) * this.#rate) / 1_000;
      while (done < due) {
        done++;
        this.#call();
      }
      await pause(TICK_MS);
    }
  }

  #call() {
    const i = Math.floor(this.#random() * this.#keys.length);
    if (this.#random() < SET_SHARE) this.#recorded(SET, i, this.#write(i), (isStored) => (isStored ? STORED : REFUSED));
    else {
      const confirmed = this.#confirmed[i];
      const issued = this.#issued[i];
      this.#recorded(GET, i, this.#client.read(this.#keys[i]), (answer) => {
        if (answer === undefined) {
          this.#write(i).catch(() => undefined);
          return MISS;
        }
        if (answer.serial < issued) this.olderThanIssued++;
        return answer.serial < confirmed ? OLD : HIT;
      });
    }
  }

  #recorded(kind, i, promise, outcomeOf) {
    const at = performance.now();
    const lost = this.#delay.until(at);
    const n = this.outcome.push(UNSETTLED) - 1;
    this.kind.push(kind);
    this.key.push(i);
    this.at.push(at);
    this.ms.push(-1);
    this.lostMs.push(0);
    const settle = (outcome) => {
      const now = performance.now();
      this.outcome[n] = outcome;
      this.ms[n] = now - at;
      this.lostMs[n] = Math.min(now - at, this.#delay.until(now) - lost);
    };
    promise.then(
      (answer) => settle(outcomeOf(answer)),
      (error) => {
        settle(ERROR);
        const what = `${kind === GET ? 'get' : 'set'}: ${error.code ?? error.message}`;
        this.errors.set(what, (this.errors.get(what) ?? 0) + 1);
      },
    );
  }

  async #write(i) {
    const serial = ++this.#serial;
    this.#issued[i] = serial;
    const isStored = await this.#client.write(this.#keys[i], { serial, text: 'x'.repeat(80) });
    if (isStored && this.#confirmed[i] < serial) this.#confirmed[i] = serial;
    return isStored;
  }
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
