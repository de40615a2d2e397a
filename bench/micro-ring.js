// What does it cost to find the owner of a key?
//
// 1. The own ring (tag check, hash, lookup) against the bare xxh32 of the same key, ours and xxhash-wasm's, and against npm
//    hashring, consistent-hash and node-hashring, at 10, 100 and 1,000 nodes.
// 2. Building rings. Placements of other clients against the own ring: placements.js.
//
// Over 262,144 cycling keys: hashring answers repeated keys from a cache of 5,000. Rounds are interleaved and the best of
// each case counts, so that a busy machine disturbs all alike. A wrong owner disqualifies: nothing is measured then.
// Run after `npm run build`: node bench/micro-ring.js

import os from 'node:os';
import Benchmark from 'benchmark';
import ConsistentHash from 'consistent-hash';
import HashRing from 'hashring';
import NodeHashRing from 'node-hashring';
import loadXxhash from 'xxhash-wasm';
import { xxh32 } from '../dist/ring/hash.js';
import { KEYS, keys, LOOKUP, looper, namesOf, ringOf } from './harness/lookups.js';

const PER_OP = 1 << 10;
const ROUNDS = 4;

const wasm = await loadXxhash();
let sink = 0;

function assertRight() {
  const ring = ringOf(10);
  for (const key of keys.slice(0, 20_000)) {
    if (xxh32(key) !== wasm.h32(key) >>> 0) throw new Error(`wrong hash of ${key}`);
    if (ring.members[ring.primaryOf(ring.hash(key))].name !== ring.owners(key, 1)[0])
      throw new Error(`wrong owner of ${key}`);
  }
}

/** @returns nanoseconds per lookup by name, the best of all rounds. */
function measure(cases) {
  const best = new Map(cases.map(([name]) => [name, Number.POSITIVE_INFINITY]));
  for (let round = 0; round < ROUNDS; round++) {
    const suite = new Benchmark.Suite();
    for (const [name, body, use] of cases) {
      const loop = looper(body, use, PER_OP);
      suite.add(name, () => (sink ^= loop()), { maxTime: 0.2, minSamples: 5 });
    }
    suite.on('cycle', ({ target }) => {
      if (target.error) throw target.error;
      const ns = Math.min(...target.stats.sample) * (1e9 / PER_OP);
      best.set(target.name, Math.min(best.get(target.name), ns));
    });
    suite.run();
  }
  return best;
}

function table(title, best, base) {
  console.log(`\n${title}`);
  for (const [name, ns] of best) {
    const ratio = ns / best.get(base);
    console.log(`  ${name.padEnd(34)} ${ns.toFixed(1).padStart(9)} ns  ${ratio.toFixed(2).padStart(8)} x`);
  }
}

const own = (count) => [`ring of ${count} nodes`, LOOKUP, ringOf(count)];
const hashring = (count) => [`hashring of ${count} nodes`, 'use.get(key).length', new HashRing(namesOf(count))];

console.log(`${process.version}, ${os.cpus()[0]?.model} x ${os.cpus().length}, ${KEYS} keys such as ${keys[0]}`);
assertRight();

const random = new ConsistentHash();
for (const name of namesOf(10)) random.add(name);
const bare = measure([
  ['xxh32', 'use(key)', xxh32],
  ['xxh32 of xxhash-wasm', 'use(key)', wasm.h32],
  own(10),
  [
    '  two owners',
    'use.ring.ownersInto(use.ring.hash(key), 2, use.into)',
    { ring: ringOf(10), into: new Int32Array(2) },
  ],
  [
    '  three owners',
    'use.ring.ownersInto(use.ring.hash(key), 3, use.into)',
    { ring: ringOf(10), into: new Int32Array(3) },
  ],
  [
    '  one masked',
    'use.ring.ownersInto(use.ring.hash(key), 1, use.into, use.mask)',
    { ring: ringOf(10), into: new Int32Array(1), mask: Uint8Array.of(0, 1) },
  ],
  ['  by name', 'use.owners(key, 1)[0].length', ringOf(10)],
  own(100),
  own(1000),
  hashring(10),
  hashring(100),
  ['consistent-hash of 10 nodes', 'use.get(key).length', random],
  ['node-hashring of 10 nodes', 'use.findNode(key).length', new NodeHashRing(namesOf(10))],
]);
table('owner of a key, against the bare hash', bare, 'xxh32');

console.log('\nbuilding');
for (const count of [10, 100, 1000]) {
  const times = Array.from({ length: 5 }, () => {
    const start = performance.now();
    sink ^= ringOf(count).members.length;
    return performance.now() - start;
  });
  console.log(`  ${count} nodes x 1024 points: ${Math.min(...times).toFixed(1)} ms`);
}
if (sink === 0.5) console.log('never, but the loops cannot be left out');
