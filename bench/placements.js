/**
 * What does it cost to find the owner of a key where another client would put it, next to the own placement?
 *
 * Every ketama-like placement (points on a ring, looked up by a hash of the key) over the same ten nodes and 262,144 cycling
 * keys. In every round each placement has a turn right beside one of the own, in an order that turns from round to round; a turn
 * is a run of `benchmark`, of which the fastest sample counts, since what else the machine does only ever adds. The ratio within
 * a turn is what is judged: its median over the rounds, the lowest and the highest beside it. The bare hash of the key has turns
 * of its own: a lookup costs no less. So has a block of md5 as OpenSSL's assembler works it off, one after another from memory:
 * its 64 steps wait for one another, and nobody finds an owner by md5 in less.
 *
 * Run after `npx tsc -p src`: node bench/placements.js [--rounds 9] [--only npm-hashring,…] [--main] [--json]
 */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpus } from 'node:os';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import Benchmark from 'benchmark';
import { createPlacement, PLACEMENT_KINDS } from '../dist/placements.js';
import { xxh32 } from '../dist/ring/hash.js';
import { md5 } from '../dist/ring/placements/md5.js';
import { KEYS, keys, LOOKUP, looper, nodesOf, ringOf } from './harness/lookups.js';
import { median, spread } from './harness/statistics.js';
import { targetTable } from './harness/tables.js';
import { isMet, limitOf } from './harness/verdicts.js';

const PER_OP = 1 << 9;
const LIMIT = { atMost: 2 };

/** Those that most people come from: what `npm run bench` measures. */
const MAIN = [
  'envoy-ring-xxhash',
  'libmemcached-ketama',
  'libmemcached-ketama-weighted',
  'npm-hashring',
  'npm-memcached',
  'spymemcached-ketama',
  'twemproxy-ketama-fnv1a_64',
  'twemproxy-ketama-murmur',
];

/** Points and a hash; not the lists (modula) and not the rendezvous, which are no ketama. */
const KETAMA_LIKE = /ketama|^npm-hashring|^npm-memcache(d)?$|^dalli$|^libmemcached-spy$|^envoy-ring|^python-hash_ring$/;

const nodes = nodesOf(10);
const own = ringOf(10);
let sink = 0;

/** As many blocks as a subject has lookups. */
const blocks = Buffer.alloc(64 * PER_OP, 'x');
const openssl = () => createHash('md5').update(blocks).digest()[0];

/** @returns nanoseconds a lookup, by the fastest sample of one run of `benchmark` */
function turn(subject) {
  const run = new Benchmark(() => (sink ^= subject()), { maxTime: 0.03, minSamples: 4, minTime: 0.004, initCount: 8 });
  run.run();
  if (run.error) throw run.error;
  return (Math.min(...run.stats.sample) * 1e9) / PER_OP;
}

export function kindsOf(only) {
  const all = PLACEMENT_KINDS.filter((kind) => KETAMA_LIKE.test(kind) && !kind.startsWith('twemproxy-redis-'));
  return only === undefined ? all : all.filter((kind) => only.includes(kind));
}

/** @returns {{ verdicts: object[], rows: object[] }} */
export function measurePlacements({ rounds = 9, only } = {}) {
  const placements = kindsOf(only).map((kind) => [kind, createPlacement(kind, nodes)]);
  for (const [, placement] of placements)
    for (const key of keys.slice(0, 2_000))
      assert.equal(placement.members[placement.primaryOf(placement.hash(key))].name, placement.owners(key, 1)[0]);
  const ring = looper(LOOKUP, own, PER_OP);
  const subjects = [
    ['bare xxh32', looper('use(key)', xxh32, PER_OP)],
    ['bare md5', looper('use(key)', md5, PER_OP)],
    ['bare md5 of OpenSSL, a block', openssl],
    ...placements.map(([kind, placement]) => [kind, looper(LOOKUP, placement, PER_OP)]),
  ];
  const turns = new Map(subjects.map(([name]) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (let i = 0; i < subjects.length; i++) {
      const [name, subject] = subjects[(i + Math.max(0, round)) % subjects.length];
      const isFirst = (i + round) % 2 === 0;
      const before = isFirst ? turn(ring) : 0;
      const ns = turn(subject);
      const ringNs = isFirst ? before : turn(ring);
      if (round >= 0) turns.get(name).push({ ns, ringNs, ratio: ns / ringNs });
    }
  }
  assert.equal(typeof sink, 'number');
  const rows = [...turns].map(([name, all]) => ({
    name,
    ns: median(all.map(({ ns }) => ns)),
    ringNs: median(all.map(({ ringNs }) => ringNs)),
    ...spread(all.map(({ ratio }) => ratio)),
  }));
  const verdicts = rows
    .filter(({ name }) => !name.startsWith('bare '))
    .map(({ name, median: measured, low, high }) => {
      const verdict = isMet(LIMIT, measured) ? 'met' : 'missed';
      return { title: name, says: '× the own placement', limit: limitOf(LIMIT), median: measured, low, high, verdict };
    });
  return { verdicts, rows };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '9' },
      only: { type: 'string' },
      main: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const only = values.main ? MAIN : values.only?.split(',');
  const { verdicts, rows } = measurePlacements({ rounds: Number(values.rounds), only });
  if (values.json) console.log(JSON.stringify({ verdicts, rows }));
  else print(verdicts, rows);
}

function print(verdicts, rows) {
  console.log(`${process.version}, ${cpus()[0]?.model} x ${cpus().length}, ${KEYS} keys such as ${keys[0]}, 10 nodes`);
  console.log(`own placement ${median(rows.map(({ ringNs }) => ringNs)).toFixed(1)} ns\n`);
  for (const { name, ns, median: ratio, low, high } of rows)
    console.log(
      `${name.padEnd(44)} ${ns.toFixed(1).padStart(7)} ns  ${ratio.toFixed(2)} x (${low.toFixed(2)} to ${high.toFixed(2)})`,
    );
  console.log(`\n${targetTable(verdicts)}`);
}
