/**
 * The traffic of the demo: every key read in batches, some rewritten meanwhile, and each value read checked.
 *
 * The version of a key is counted up when a write of it is issued. A read is *stale* if it answers a version older than the
 * one current when the read was issued, and *wrong* if it answers what was never stored under its key. A miss is a miss:
 * nothing is loaded again, so a hit rate tells what the nodes still hold.
 */

import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';

const BATCH = 250;
const READERS = 4;
/** Whatever becomes of the demo, what it stored does not stay. */
const TTL_MS = 3_600_000;
/** Between batches of keys read again while a change goes on: what the change does in the background has its turn, too. */
const PAUSE_MS = 4;
/** Part of a pass that is over when a change begins. */
const LEAD = 0.15;
/** Keys rewritten beside each batch of a pass with writes: 2 %. */
const REWRITES = 5;

export class Tally {
  reads = 0;
  hits = 0;
  stale = 0;
  wrong = 0;
  failed = 0;
  writes = 0;
  unconfirmed = 0;

  get hitRate() {
    return this.reads === 0 ? 1 : this.hits / this.reads;
  }

  static sum(tallies) {
    const sum = new Tally();
    for (const tally of tallies) {
      for (const field of ['reads', 'hits', 'stale', 'wrong', 'failed', 'writes', 'unconfirmed'])
        sum[field] += tally[field];
    }
    return sum;
  }
}

export class Traffic {
  /** Batches are counted here when they end; whoever wants to count apart puts a new one in. */
  tally = new Tally();
  /** Keys done in the present pass, those done again included. */
  handled = 0;
  begunAt = 0;
  #ring;
  #keys;
  #versions;
  #afterBatch;
  #isHalted = false;
  #batches = new Set();

  /** `ring.cache` is asked anew for each batch. `afterBatch` is called often, from within the traffic. */
  constructor(ring, keys, afterBatch) {
    this.#ring = ring;
    this.#keys = keys;
    this.#versions = new Uint16Array(keys.length);
    this.#afterBatch = afterBatch;
  }

  /** Writes every key once. */
  async fill() {
    await this.#pass(async (from, to) => {
      await this.#write(Array.from({ length: to - from }, (_, i) => from + i));
    });
  }

  /** No batch begins any more, and no pass ends: for a process that is about to exit. Resolves when no batch is under way. */
  async halt() {
    this.#isHalted = true;
    await Promise.allSettled(this.#batches);
  }

  /** Reads every key once. */
  async read() {
    await this.#pass((from, to) => this.#read(from, to));
  }

  /**
   * Reads every key once and rewrites some. When a part of them is done `change` begins, and reading goes on, from the
   * first key again, until it has ended.
   *
   * @returns what `change` returns
   */
  async readThrough(change) {
    const act = async (from, to) => {
      const written = this.#write(this.#farFrom(from));
      await this.#read(from, to);
      await written;
    };
    let begun;
    let hasEnded = false;
    await this.#pass(act, () => {
      if (begun === undefined && this.handled >= this.#keys.length * LEAD) {
        begun = change().finally(() => {
          hasEnded = true;
        });
        // Whoever awaits it below hears of a failure; until then it is nobody's surprise.
        begun.catch(() => {});
      }
      return hasEnded;
    });
    return begun;
  }

  async #pass(act, mayEnd = () => true) {
    const total = this.#keys.length;
    this.handled = 0;
    this.begunAt = performance.now();
    let next = 0;
    const reader = async () => {
      while (!mayEnd() || next < total) {
        const from = next % total;
        const to = Math.min(from + BATCH, total);
        next += to - from;
        if (this.#isHalted) await new Promise(() => {});
        const batch = act(from, to);
        this.#batches.add(batch);
        await batch.finally(() => this.#batches.delete(batch));
        this.handled += to - from;
        this.#afterBatch();
        if (next < total) await turn();
        else await pause(PAUSE_MS);
      }
    };
    await Promise.all(Array.from({ length: READERS }, reader));
  }

  async #read(from, to) {
    const keys = this.#keys.slice(from, to);
    const issued = this.#versions.slice(from, to);
    const found = await this.#ring.cache.getMany(keys);
    const { tally } = this;
    tally.reads += keys.length;
    tally.failed += found.failures.size;
    keys.forEach((key, i) => {
      const value = found.get(key);
      if (value === undefined) return;
      tally.hits++;
      const index = from + i;
      if (value.id !== index || value.name !== nameOf(index) || !(value.version <= this.#versions[index]))
        tally.wrong++;
      else if (value.version < issued[i]) tally.stale++;
    });
  }

  async #write(indices) {
    if (indices.length === 0) return;
    const entries = indices.map((index) => {
      const version = ++this.#versions[index];
      return [this.#keys[index], { id: index, version, name: nameOf(index) }];
    });
    const { failures } = await this.#ring.cache.setMany(entries, { ttlMs: TTL_MS });
    this.tally.writes += indices.length;
    this.tally.unconfirmed += failures.size;
  }

  /**
   * Keys to rewrite while those at `from` are read: half of all keys away. A read in flight that meets a write of its key
   * may be answered by a miss, and what is counted here are the misses that a change of the ring costs.
   */
  #farFrom(from) {
    const total = this.#keys.length;
    const first = from + Math.floor(total / 2);
    return Array.from({ length: REWRITES }, (_, i) => (first + (i * BATCH) / REWRITES) % total);
  }
}

function nameOf(index) {
  return `customer number ${index}`;
}
