/**
 * What do keys, codecs and the stores in this process cost a call? Run `npm run build` first, then
 * `node bench/micro-codec.js [filter]`.
 *
 * Every subject is checked before it is timed: a wrong answer ends the run. `bare` lines are what the runtime itself takes
 * for the same work, so that the difference is ours.
 */

import assert from 'node:assert/strict';
import { cpus } from 'node:os';
import Benchmark from 'benchmark';
import { Calendar } from '../dist/base/calendar.js';
import { systemClock } from '../dist/base/clock.js';
import { HybridClock } from '../dist/base/hybrid-clock.js';
import { secondHash } from '../dist/base/string-hash.js';
import { createTranscoder } from '../dist/codec.js';
import { KeySpace } from '../dist/key.js';
import { FALLBACK_DEFAULTS, Fallback } from '../dist/near/fallback.js';
import { Generations } from '../dist/near/generations.js';
import { NearCache } from '../dist/near/near-cache.js';

const KEYS = 200_000;
const filter = process.argv[2] ?? '';

const keySpace = KeySpace.create({ namespace: 'shop' });
const keys = Array.from({ length: KEYS }, (_, i) => `user:profile:${i}`);
const wires = keys.map((key) => Buffer.from(keySpace.toWireKey(key)).toString());
const hashes = wires.map((wire) => secondHash(wire));
const longKeys = keys.map((key) => key.padEnd(300, 'x'));

const object = {
  id: 12345,
  name: 'Ada Lovelace',
  email: 'ada@example.org',
  tags: ['a', 'b'],
  active: true,
  score: 1.5,
};
const text = JSON.stringify(object);
const string = 'x'.repeat(100);
const binary = Buffer.alloc(100, 7);

const json = createTranscoder({ clientId: 7 });
const plain = createTranscoder({ codec: 'string', clientId: 7 });
const bytes = createTranscoder({ codec: 'bytes', clientId: 7 });
const NOW = Date.now();
const stamps = new HybridClock(new Calendar(systemClock));
const KEY = wires[0];
const HASH = hashes[0];

/** Lays the encoded value into the middle of a receive buffer, and reads it as a get does. */
function reader(transcoder, value) {
  const encoded = transcoder.encode(KEY, HASH, value, stamps.next(), NOW + 60_000);
  const received = Buffer.alloc(65_536);
  received.set(encoded, 1_000);
  const end = 1_000 + encoded.length;
  const read = () => {
    const verdict = transcoder.check(received, 1_000, end, HASH, NOW);
    return verdict === 'ok' || verdict === 'digits'
      ? transcoder.restore(KEY, transcoder.keep(received, 1_000, end))
      : verdict;
  };
  assert.deepEqual(read(), value);
  return read;
}

function writer(transcoder, value) {
  const stamp = stamps.next();
  return () => transcoder.encode(KEY, HASH, value, stamp, NOW + 60_000);
}

const generations = new Generations();
const fallback = new Fallback(FALLBACK_DEFAULTS, generations, systemClock);
const near = new NearCache({ maxEntries: 10_000, maxBytes: 2 ** 26, ttlMs: 3_600_000 }, generations, systemClock);
const now = systemClock.now();
for (let i = 0; i < 10_000; i++) near.fill(wires[i], hashes[i], generations.snapshot(hashes[i]), i, 8, Infinity, now);
assert.equal(near.get(wires[1]), 1);

let turn = 0;
let sink = 0;
const next = () => (turn = turn + 1 === KEYS ? 0 : turn + 1);
const fill = (item, itemBytes, i) => {
  fallback.fill(wires[i], hashes[i], generations.snapshot(hashes[i]), item, itemBytes, now);
};
fill('checked', 7, 5);
assert.equal(fallback.get(wires[5]).item, 'checked');
assert.equal(keySpace.fromWireKey(wires[9]), keys[9]);
assert.equal(keySpace.fromWireKey(keySpace.toWireKey(longKeys[9])), undefined);

const subjects = {
  'key: namespace': () => keySpace.toWireKey(keys[next()]).length,
  'key: namespace and second hash': () => secondHash(keySpace.toWireKey(keys[next()])),
  'key: 300 characters, digested': () => keySpace.toWireKey(longKeys[next()]).length,
  'stamp: next': () => stamps.next(),
  'write object: bare JSON.stringify and Buffer.from': () => Buffer.from(JSON.stringify(object)).length,
  'write object: json': writer(json, object),
  'write string: bare Buffer.from': () => Buffer.from(string).length,
  'write string: json': writer(json, string),
  'write string: string': writer(plain, string),
  'write bytes: json': writer(json, binary),
  'write bytes: bytes': writer(bytes, binary),
  'write integer: json': writer(json, 12345),
  'read object: bare toString and JSON.parse': () => JSON.parse(BARE.toString('utf8', 100, 100 + text.length)).id,
  'read object: json': reader(json, object),
  'read string: bare toString': () => BARE.toString('utf8', 100, 200).length,
  'read string: json': reader(json, string),
  'read string: string': reader(plain, string),
  'read bytes: json': reader(json, binary),
  'read bytes: bytes': reader(bytes, binary),
  'read integer: json': reader(json, 12345),
  'near cache: hit': () => near.get(wires[next() % 10_000], now),
  'fallback: fill, all keys different': () => fill('value', 100, next()),
  'fallback: fill, keys known': () => fill('value', 100, next() % 10_000),
  'write issued: bump and drop': () => {
    const i = next();
    generations.bump(hashes[i]);
    near.delete(wires[i]);
    fallback.delete(wires[i]);
  },
};
const BARE = Buffer.alloc(65_536, text);
BARE.write(text, 100);

console.log(
  `node ${process.version}, ${cpus()[0]?.model ?? process.arch}, values of ${text.length} and 100 bytes, ${KEYS} keys`,
);
const suite = new Benchmark.Suite();
for (const [name, subject] of Object.entries(subjects)) {
  if (!name.includes(filter)) continue;
  suite.add(name, () => {
    sink ^= typeof subject() === 'number' ? 1 : 0;
  });
}
suite
  .on('cycle', ({ target }) => {
    const nanoseconds = (1e9 / target.hz).toFixed(0).padStart(6);
    console.log(`${target.name.padEnd(52)}${nanoseconds} ns ± ${target.stats.rme.toFixed(1)} %`);
  })
  .run();
assert.ok(sink === 0 || sink === 1);
