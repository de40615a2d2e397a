/**
 * What does it cost to find the owner of a key, next to hashing the key and to npm hashring?
 *
 * 262,144 keys cycle, since hashring answers repeated keys from a cache of 5,000. Every round asks each subject for all
 * of them once, in an order that turns from round to round; the ratio within a round counts, in processor time, which a busy
 * machine disturbs less than the clock. Owners are checked first. More about rings: micro-ring.js.
 *
 * Run after `npm run build`: node bench/ring-lookup.js
 */

import assert from 'node:assert/strict';
import { pathToFileURL } from 'node:url';
import HashRing from 'hashring';
import { xxh32 } from '../dist/ring/hash.js';
import { KEYS, keys, namesOf, ringOf } from './harness/lookups.js';
import { spread } from './harness/statistics.js';
import { targetTable } from './harness/tables.js';
import { isMet, limitOf } from './harness/verdicts.js';

const ROUNDS = 12;
const WARM_UP = 4;

const ring = ringOf(10);
const large = ringOf(1_000);
const hashring = new HashRing(namesOf(10));

/** A loop of its own for each subject, so that each is compiled for what it calls and nothing else. */
const subjects = {
  xxh32() {
    let sum = 0;
    for (let i = 0; i < KEYS; i++) sum ^= xxh32(keys[i]);
    return sum;
  },
  ring() {
    let sum = 0;
    for (let i = 0; i < KEYS; i++) sum ^= ring.primaryOf(ring.hash(keys[i]));
    return sum;
  },
  large() {
    let sum = 0;
    for (let i = 0; i < KEYS; i++) sum ^= large.primaryOf(large.hash(keys[i]));
    return sum;
  },
  hashring() {
    let sum = 0;
    for (let i = 0; i < KEYS; i++) sum ^= hashring.get(keys[i]).length;
    return sum;
  },
};

const targets = [
  { says: '× bare xxh32, 10 nodes', of: 'ring', to: 'xxh32', atMost: 1.3 },
  { says: 'times as fast as npm hashring, 10 nodes', of: 'hashring', to: 'ring', atLeast: 25 },
  { says: '1,000 nodes, × 10 nodes', of: 'large', to: 'ring', atMost: 1.5 },
];

function assertRight() {
  for (const key of keys.slice(0, 20_000)) {
    assert.equal(ring.members[ring.primaryOf(ring.hash(key))].name, ring.owners(key, 1)[0]);
    assert.equal(large.members[large.primaryOf(large.hash(key))].name, large.owners(key, 1)[0]);
    assert.ok(namesOf(10).includes(hashring.get(key)));
  }
}

/** @returns {{ verdicts: object[], nanoseconds: Record<string, object> }} */
export function measureRingLookup() {
  assertRight();
  const names = Object.keys(subjects);
  const rounds = [];
  let sink = 0;
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    const times = {};
    for (let k = 0; k < names.length; k++) {
      const name = names[(round + WARM_UP + k) % names.length];
      const began = process.cpuUsage();
      sink ^= subjects[name]();
      const { user, system } = process.cpuUsage(began);
      times[name] = ((user + system) * 1_000) / KEYS;
    }
    if (round >= 0) rounds.push(times);
  }
  assert.equal(typeof sink, 'number');
  const verdicts = targets.map(({ says, of, to, ...target }) => {
    const measured = spread(rounds.map((times) => times[of] / times[to]));
    const verdict = isMet(target, measured.median) ? 'met' : 'missed';
    return { title: 'ring lookup', says, limit: limitOf(target), ...measured, verdict };
  });
  return {
    verdicts,
    nanoseconds: Object.fromEntries(names.map((name) => [name, spread(rounds.map((times) => times[name]))])),
  };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { verdicts, nanoseconds } = measureRingLookup();
  for (const [name, { median, low, high }] of Object.entries(nanoseconds))
    console.log(`${name.padEnd(10)} ${median.toFixed(1)} ns (${low.toFixed(1)} to ${high.toFixed(1)})`);
  console.log(`\n${targetTable(verdicts)}`);
}
