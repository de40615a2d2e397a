/**
 * `npm run bench:guards`: what deadline, bulkhead, breaker, ledger and accounting cost a call over the bare call of a driver,
 * next to cockatiel's retry, breaker, bulkhead and timeout around the same call. Default options; a tenth of the keys has
 * a write under way, so that the ledger has to look every time.
 *
 * The driver answers at once, at the end of the turn, as a node does that is infinitely fast: what is left is the cost of
 * the calls themselves. 256 calls are under way at a time. A stack that answers wrongly is not measured.
 */

import { cpus } from 'node:os';
import Benchmark from 'benchmark';
import * as cockatiel from 'cockatiel';
import { createCache } from 'ringfence';
import { systemClock } from '../dist/base/clock.js';
import { Turn } from '../dist/base/turn.js';
import { Ledger } from '../dist/cluster/ledger/ledger.js';
import { clientIdAt, stampAt } from '../dist/envelope.js';
import { Breaker } from '../dist/node/breaker.js';
import { CacheNode } from '../dist/node/cache-node.js';
import { Sweep } from '../dist/node/sweep.js';
import { resolveCacheOptions } from '../dist/options.js';
import { xxh32 } from '../dist/ring/hash.js';
import { createInstantDriver } from './guards/instant-driver.js';
import { median } from './harness/statistics.js';

const CALLS = 256;
const KEYS = 20_000;
const PENDING_SHARE = 0.1;
const PASSES = 5;
const MOST_MICROS = 0.4;
const LEAST_RATIO = 20;

const keys = Array.from({ length: KEYS }, (_, i) => `guards:key:${String(i).padStart(8, '0')}`);
const hashes = Float64Array.from(keys, (key) => xxh32(key));
const settings = resolveCacheOptions({});

/** What a user of the driver alone would write: calls of one turn leave together. */
async function bare() {
  const connection = await createInstantDriver().connect({});
  let batch = [];
  const send = () => {
    const operations = batch;
    batch = [];
    connection.send(operations);
  };
  return (i) =>
    new Promise((resolve, reject) => {
      const operation = {
        kind: 'get',
        key: keys[i],
        hit: (_, start, end) => resolve(end - start),
        miss: () => resolve(undefined),
        fail: reject,
      };
      if (batch.push(operation) === 1) setImmediate(send);
    });
}

async function guarded() {
  const ledger = new Ledger({
    ...settings.ledger,
    clientId: settings.clientId,
    maxClockSkewMs: 500,
    clock: systemClock,
  });
  ledger.startWith([0]);
  const sweep = new Sweep(systemClock);
  const node = new CacheNode(
    {
      name: 'node',
      slot: 0,
      weight: 1,
      driver: createInstantDriver(),
      breaker: new Breaker({}, { clock: systemClock, random: Math.random, name: 'node' }),
      turn: new Turn(systemClock),
      sweep,
      random: Math.random,
      connectMs: 300,
      maxPauseMs: 2_000,
      stallMs: 400,
      lanes: settings.lanes,
      keepsOrder: true,
    },
    { opened: () => undefined, down: () => undefined },
  );
  node.open();
  while (!node.isConnected) await new Promise(setImmediate);
  for (let i = 0; i < KEYS * PENDING_SHARE; i++) {
    const at = Math.round(i / PENDING_SHARE);
    ledger.issue(hashes[at], keys[at], 1e15 + i, [node]);
  }
  return (i) => new Promise((resolve, reject) => new Call(ledger, i, resolve, reject).ask(node));
}

/** What a read does at the altitude of the guards: asks the node, then the ledger whether the answer counts. */
class Call {
  constructor(ledger, i, resolve, reject) {
    this.ledger = ledger;
    this.i = i;
    this.resolve = resolve;
    this.reject = reject;
  }

  ask(node) {
    if (node.isServing) node.get(keys[this.i], hashes[this.i], 200, 'interactive', this);
    else this.reject(new Error('the node is not serving'));
  }

  hit(attempt, bytes, start, end) {
    const { ledger, i } = this;
    const hash = hashes[i];
    attempt.node.hits++;
    if (
      !ledger.isQuiet &&
      !ledger.trusts(attempt.node.slot, hash, keys[i], stampAt(bytes, start), clientIdAt(bytes, start), hash)
    )
      this.resolve(undefined);
    else this.resolve(end - start);
  }

  missed() {
    this.resolve(undefined);
  }

  failed(_, error) {
    this.reject(error);
  }
}

function cockatiels(call) {
  const { handleAll } = cockatiel;
  const { maxInFlight, maxQueued } = settings.lanes.interactive;
  const policy = cockatiel.wrap(
    cockatiel.retry(handleAll, { maxAttempts: 2, backoff: new cockatiel.ExponentialBackoff() }),
    cockatiel.circuitBreaker(handleAll, { halfOpenAfter: 1_000, breaker: new cockatiel.ConsecutiveBreaker(5) }),
    cockatiel.bulkhead(maxInFlight, maxQueued),
    cockatiel.timeout(settings.timeouts.attemptMs, cockatiel.TimeoutStrategy.Aggressive),
  );
  return (i) => policy.execute(() => call(i));
}

async function wholeCache() {
  const nodes = [{ name: 'node', driver: createInstantDriver() }];
  const cache = createCache({ nodes, codec: 'string', health: false });
  await cache.ready();
  return { call: (i) => cache.get(keys[i]), end: () => cache.destroy() };
}

/** Calls in rounds of so many at once, over all keys in turn. */
function rounds(call) {
  let next = 0;
  return async (deferred) => {
    const under = new Array(CALLS);
    for (let i = 0; i < CALLS; i++) {
      under[i] = call(next);
      if (++next === KEYS) next = 0;
    }
    await Promise.all(under);
    deferred.resolve();
  };
}

async function assertWorks(name, call, pending) {
  const [first, second] = await Promise.all([call(0), call(1)]);
  if (first !== pending || second === undefined) throw new Error(`${name} answers wrongly: ${first}, ${second}`);
}

function suiteOf(entries) {
  return new Promise((resolve, reject) => {
    const suite = new Benchmark.Suite();
    for (const [name, call] of entries) suite.add(name, rounds(call), { defer: true, minSamples: 30, maxTime: 1 });
    suite
      .on('error', ({ target }) => reject(target.error))
      .on('complete', () => resolve(suite.map(({ hz }) => 1e6 / hz / CALLS)))
      .run({ async: true });
  });
}

const plain = await bare();
const stack = await guarded();
const theirs = cockatiels(plain);
const cache = await wholeCache();
const length = await plain(1);
await assertWorks('the bare call', plain, length);
await assertWorks('ringfence', stack, undefined);
await assertWorks('cockatiel', theirs, length);
const entries = [
  ['the bare call of the driver', plain],
  ['ringfence: deadline + bulkhead + breaker + ledger + accounting', stack],
  ['ringfence: the whole of cache.get', cache.call],
  ['cockatiel: retry + breaker + bulkhead + timeout', theirs],
];
console.log(
  `node ${process.version}, ${cpus()[0]?.model}, ${cpus().length} cores; ${CALLS} calls under way, µs a call`,
);
const passes = [];
for (let pass = 0; pass < PASSES; pass++) passes.push(await suiteOf(entries));
const over = (entry) => passes.map((micros) => micros[entry] - micros[0]);
entries.forEach(([name], entry) => {
  const all = passes.map((micros) => micros[entry]);
  const added = entry === 0 ? '' : `  over the bare call ${median(over(entry)).toFixed(3)}`;
  console.log(`  ${name.padEnd(64)} ${median(all).toFixed(3)}${added}`);
});
const ratio = median(passes.map((micros) => (micros[3] - micros[0]) / (micros[1] - micros[0])));
const own = median(over(1));
say('guards over the bare call', `${own.toFixed(3)} µs`, `≤ ${MOST_MICROS} µs`, own <= MOST_MICROS);
say('cockatiel to ringfence', `${ratio.toFixed(1)} ×`, `≥ ${LEAST_RATIO} ×`, ratio >= LEAST_RATIO);
await cache.end();
process.exit();

function say(what, measured, limit, isMet) {
  console.log(`  ${what}: ${measured} (${limit}): ${isMet ? 'met' : 'missed'}`);
  if (!isMet) process.exitCode = 1;
}
