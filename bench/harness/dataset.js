/**
 * The keys and values of a workload, and the order in which they are asked for. All of it is made before anything is
 * timed, from a fixed seed: every contender asks for the same things in the same order.
 */

export const TTL_MS = 600_000;

const ORDER_LENGTH = 1 << 16;
const MANY_LISTS = 64;
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

/** xorshift32: fast, seeded, and random enough to pick keys by. */
function seededRandom(seed) {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Strings joined or cut from others are trees inside V8; what a network or a database hands out is flat. */
const flat = (text) => Buffer.from(text, 'latin1').latin1Slice();

/**
 * @param {{ letter: string, keys: number, valueBytes: number, zipf?: number, many?: number }} plan `letter` keeps the
 *   contenders' keys apart on the servers they share; with `zipf` the n-th key is asked for in proportion to n^-zipf;
 *   `many` is the number of keys of one getMany
 */
export function createDataset({ letter, keys: count, valueBytes, zipf = 0, many = 0 }) {
  const random = seededRandom(0x5eed);
  const keys = Array.from({ length: count }, (_, i) => flat(`${letter}:user:${String(i).padStart(6, '0')}`));
  const filler = Array.from({ length: 1_024 }, () => LETTERS[Math.floor(random() * LETTERS.length)]).join('');
  const values = keys.map((_, i) =>
    flat(`${i}:`.concat(filler.repeat(Math.ceil(valueBytes / 1_024))).slice(0, valueBytes)),
  );
  const order =
    zipf > 0 ? zipfOrder(count, zipf, random) : Uint32Array.from({ length: ORDER_LENGTH }, () => random() * count);
  const lists = Array.from({ length: many > 0 ? MANY_LISTS : 0 }, () => distinct(many, count, random));
  return { keys, values, order, lists };
}

/** Popularity says nothing about where a key lies: ranks are dealt to keys at random. */
function zipfOrder(count, exponent, random) {
  const cumulative = new Float64Array(count);
  let sum = 0;
  for (let rank = 1; rank <= count; rank++) cumulative[rank - 1] = sum += rank ** -exponent;
  const keyOfRank = distinct(count, count, random);
  return Uint32Array.from({ length: ORDER_LENGTH }, () => {
    const sought = random() * sum;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (cumulative[middle] < sought) low = middle + 1;
      else high = middle;
    }
    return keyOfRank[low];
  });
}

/** `wanted` different numbers below `count`, in random order. */
function distinct(wanted, count, random) {
  const all = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = 0; i < wanted; i++) {
    const j = i + Math.floor(random() * (count - i));
    [all[i], all[j]] = [all[j], all[i]];
  }
  return Array.from(all.subarray(0, wanted));
}
