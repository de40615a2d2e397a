/**
 * Reads by a Zipf law with a loader that fills misses, and one write in fifty. Every value carries the number of its
 * write, so that a read that answers an older one than was issued before it began is seen.
 */

const WRITE_SHARE = 0.02;
const IN_FLIGHT = 32;
/** Requests a second: enough for a fine curve, far below what any policy could carry. */
const RATE = 8_000;
const SLICE_MS = 10;

/** Zipf over `count` keys with exponent `s`, by inversion over the cumulated weights. */
export function zipf(count, s, random) {
  const cumulated = new Float64Array(count);
  let sum = 0;
  for (let i = 0; i < count; i++) cumulated[i] = sum += 1 / (i + 1) ** s;
  return () => {
    const target = random() * sum;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (cumulated[middle] < target) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

export class Traffic {
  #client;
  #next;
  #random;
  #encode;
  #decode;
  #issued;
  #serial = 0;
  buckets = [];
  stale = 0;
  errors = 0;

  constructor({ client, next, random, keys, encode, decode }) {
    this.#client = client;
    this.#next = next;
    this.#random = random;
    this.#encode = encode;
    this.#decode = decode;
    this.#issued = new Float64Array(keys);
  }

  async fill(count) {
    for (let from = 0; from < count; from += 2_000) {
      const entries = [];
      for (let i = from; i < Math.min(count, from + 2_000); i++) entries.push([`key:${i}`, this.#value(i)]);
      await this.#client.writeMany(entries);
    }
  }

  /** Runs for `ms`, counting hits by `bucketMs`. */
  async run(ms, bucketMs) {
    const began = performance.now();
    let inFlight = 0;
    let due = 0;
    const once = async () => {
      inFlight++;
      try {
        await this.#request(began, bucketMs);
      } catch {
        this.errors++;
      }
      inFlight--;
    };
    while (performance.now() - began < ms) {
      due = Math.min(due + (RATE * SLICE_MS) / 1_000, RATE / 10);
      while (due >= 1 && inFlight < IN_FLIGHT * 8) {
        due--;
        void once();
      }
      await new Promise((resolve) => setTimeout(resolve, SLICE_MS));
    }
    while (inFlight > 0) await new Promise((resolve) => setTimeout(resolve, SLICE_MS));
  }

  async #request(began, bucketMs) {
    const i = this.#next();
    const key = `key:${i}`;
    if (this.#random() < WRITE_SHARE) {
      await this.#client.write(key, this.#value(i));
      return;
    }
    const newest = this.#issued[i];
    const at = Math.floor((performance.now() - began) / bucketMs);
    const answer = await this.#client.read(key);
    const bucket = (this.buckets[at] ??= { hits: 0, reads: 0 });
    bucket.reads++;
    if (answer === undefined) {
      await this.#client.write(key, this.#value(i));
      return;
    }
    bucket.hits++;
    if (this.#decode(answer) < newest) this.stale++;
  }

  #value(i) {
    this.#issued[i] = ++this.#serial;
    return this.#encode(this.#serial);
  }
}
