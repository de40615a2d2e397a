// What does the ledger cost a read and a write?
//
// Keys of some 20 characters cycle over at least 200,000, so that neither the processor's cache nor any memory of the
// last key flatters a table. The walk over keys and hashes alone is measured too and taken off: the columns are what the
// ledger adds. Of a hundred and more samples of 5 ms the fastest counts: the machine's other work is not ours. Each ledger is asked for right answers first; a wrong one ends the run.
//
// Run after `npm run build`: node bench/micro-ledger.js [filter]

import assert from 'node:assert/strict';
import { cpus } from 'node:os';
import { performance } from 'node:perf_hooks';
import Benchmark from 'benchmark';
import { Ledger } from '../dist/cluster/ledger/ledger.js';
import { xxh32 } from '../dist/ring/hash.js';

const filter = process.argv[2] ?? '';
const NODES = 6;
const OURS = 7;
const RAW = -1;
/** Calls per measured run: the harness costs a few nanoseconds a run. */
const RUN = 1_000;

/** Owners come hot from the ring: one list per node, not one per key. */
const OWNERS = Array.from({ length: NODES }, (_, i) => [{ slot: i }, { slot: (i + 1) % NODES }]);

const keysOf = (count, name) => {
  const keys = Array.from({ length: count }, (_, i) =>
    Buffer.from(`shop:${name}:${String(i).padStart(8, '0')}`).toString(),
  );
  const hashes = Float64Array.from(keys, (key) => xxh32(key));
  return { keys, hashes };
};

const elsewhere = keysOf(200_000, 'elsewhr');

let clockStamp = 1_700_000_000_000 * 2_048;
const newLedger = (maxFloors = 1_100_000) => new Ledger({ clientId: OURS, clock: performance, maxFloors });

function write(ledger, { keys, hashes }, i) {
  const owners = OWNERS[i % NODES];
  const stamp = ++clockStamp;
  ledger.issue(hashes[i], keys[i], stamp, owners);
  for (const { slot } of owners) ledger.confirm(hashes[i], keys[i], stamp, slot);
  return stamp;
}

const cycle = (length, step) => {
  let i = 0;
  return () => {
    let done = 0;
    for (let n = 0; n < RUN; n++) {
      if (++i === length) i = 0;
      if (step(i)) done++;
    }
    return done;
  };
};
const isThere = (node, hash, key) => key.length + hash > node;

let isOver = false;
function measure(name, limitNs, { keys, hashes }, step) {
  if (!name.includes(filter)) return;
  const measured = [];
  new Benchmark.Suite()
    .add(
      'walk',
      cycle(keys.length, (i) => isThere(0, hashes[i], keys[i])),
      { minTime: 0.005, maxTime: 0.5, minSamples: 50 },
    )
    .add('ledger', cycle(keys.length, step), { minTime: 0.005, maxTime: 1.5, minSamples: 50 })
    .on('cycle', (event) => measured.push((Math.min(...event.target.stats.sample) * 1e9) / RUN))
    .on('error', (event) => {
      throw event.target.error;
    })
    .run();
  const [bare, whole] = measured;
  const ns = whole - bare;
  if (limitNs !== undefined && ns > limitNs) isOver = true;
  console.log(
    name.padEnd(58),
    ns.toFixed(1).padStart(8),
    bare.toFixed(1).padStart(8),
    String(limitNs ?? '').padStart(8),
  );
}

function empty() {
  const { keys, hashes } = elsewhere;
  const ledger = newLedger();
  assert.equal(ledger.trusts(0, hashes[1], keys[1], RAW, 0), true);
  measure('empty: read', undefined, elsewhere, (i) => ledger.isQuiet || ledger.trusts(0, hashes[i], keys[i], RAW, 0));
}

function debts() {
  const set = keysOf(200_000, 'written');
  const { keys, hashes } = set;
  const ledger = newLedger();
  for (let i = 0; i < 10_000; i++) ledger.owe(hashes[i], keys[i], i % NODES);
  assert.equal(ledger.trusts(1, hashes[1], keys[1], RAW, 0), false);
  assert.equal(ledger.trusts(2, hashes[1], keys[1], RAW, 0), true);
  measure('10,000 debts: read, raw', 60, set, (i) => ledger.trusts(i % NODES, hashes[i], keys[i], RAW, 0));
  measure('10,000 debts: read, stamped', 60, set, (i) => ledger.trusts(i % NODES, hashes[i], keys[i], 5, OURS));
}

function floors(count, readLimitNs, writeLimitNs) {
  const label = `${count.toLocaleString('en')} floors`;
  const set = keysOf(count, 'written');
  const { keys, hashes } = set;
  const ledger = newLedger();
  const before = process.memoryUsage().arrayBuffers;
  const stamps = Float64Array.from(keys, (_, i) => write(ledger, set, i));
  const grown = (process.memoryUsage().arrayBuffers - before) / 1_048_576;
  assert.equal(ledger.trusts(0, hashes[6], keys[6], stamps[6], OURS), true);
  assert.equal(ledger.trusts(0, hashes[6], keys[6], stamps[6] - 1, OURS), false);
  assert.equal(ledger.trusts(0, hashes[6], keys[6], RAW, 0), true);
  assert.equal(ledger.trusts(3, hashes[6], keys[6], RAW, 0), false);
  const stamped = (i) => ledger.trusts(i % NODES, hashes[i], keys[i], stamps[i], OURS);
  const raw = (i) => ledger.trusts(i % NODES, hashes[i], keys[i], RAW, 0);
  measure(`${label}: read, stamped`, readLimitNs, set, stamped);
  measure(`${label}: read, raw`, readLimitNs, set, raw);
  measure(`${label}: read of a key not written here`, readLimitNs, elsewhere, (i) =>
    ledger.trusts(i % NODES, elsewhere.hashes[i], elsewhere.keys[i], 5, 9),
  );
  for (let i = 0; i < 10_000; i++) ledger.owe(hashes[i * 7], keys[i * 7], (i * 7) % NODES);
  measure(`${label} and 10,000 debts: read, stamped`, readLimitNs, set, stamped);
  measure(`${label} and 10,000 debts: read, raw`, readLimitNs, set, raw);
  const writing = newLedger();
  for (let i = 0; i < count; i++) write(writing, set, i);
  measure(`${label}: write (issue, one confirmation)`, writeLimitNs, set, (i) => {
    const stamp = ++clockStamp;
    writing.issue(hashes[i], keys[i], stamp, OWNERS[i % NODES]);
    writing.confirm(hashes[i], keys[i], stamp, i % NODES);
    return true;
  });
  console.log(`  ${grown.toFixed(1)} MiB of tables, outgrown ones not yet collected included`);
}

/** Each write of a new key drives an old floor out. */
function full() {
  const set = keysOf(1_000_000, 'written');
  const ledger = newLedger(100_000);
  const tooks = new Float64Array(set.keys.length / 2);
  for (let i = 0; i < tooks.length; i++) {
    const began = performance.now();
    write(ledger, set, i);
    tooks[i] = performance.now() - began;
  }
  assert.ok(ledger.stats().floors <= 100_000);
  tooks.sort();
  const slow = tooks.filter((took) => took > 1).length;
  measure('room for 100,000, full: write (issue, two confirmations)', undefined, set, (i) => write(ledger, set, i) > 0);
  const percentile = (tooks[Math.floor(tooks.length * 0.9999)] * 1e3).toFixed(0);
  console.log(
    `  99.99th percentile ${percentile} µs, ${slow} of 500,000 over 1 ms, the machine's and the collector's pauses included`,
  );
}

console.log(`node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}\n`);
console.log('ns a call'.padEnd(58), 'ledger'.padStart(8), 'walk'.padStart(8), 'limit'.padStart(8));
empty();
debts();
floors(100_000, 60, 100);
floors(200_000);
floors(1_000_000);
full();
if (isOver) process.exitCode = 1;
