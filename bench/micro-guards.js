// What do the guards cost?
//
// 1. Stacked around a function that answers at once: retry + breaker + bulkhead + timeout, ours against cockatiel's, and
//    opossum's breaker with its timeout and capacity, which has no retry and no queue.
// 2. The accounting of a breaker per batch, as a cache node does it: tryAcquire + onSuccess.
//
// A stack that answers wrongly is not measured. Run after `npm run build`: node bench/micro-guards.js

import os from 'node:os';
import Benchmark from 'benchmark';
import * as cockatiel from 'cockatiel';
import CircuitBreaker from 'opossum';
import { breaker, bulkhead, RetryBudget, retry } from '../dist/resilience.js';

const answer = () => Promise.resolve(42);

function ours() {
  const slots = bulkhead({ maxInFlight: 64, maxQueued: 1_024 });
  const guard = breaker();
  const options = { attempts: 3, attemptMs: 200, budget: new RetryBudget() };
  const guarded = () => guard.run(() => slots.run(answer));
  return () => retry(guarded, options);
}

function oursWithoutTimer() {
  const slots = bulkhead({ maxInFlight: 64, maxQueued: 1_024 });
  const guard = breaker();
  const options = { attempts: 3, budget: new RetryBudget() };
  const guarded = () => guard.run(() => slots.run(answer));
  return () => retry(guarded, options);
}

function cockatiels() {
  const { handleAll } = cockatiel;
  const policy = cockatiel.wrap(
    cockatiel.retry(handleAll, { maxAttempts: 2, backoff: new cockatiel.ExponentialBackoff() }),
    cockatiel.circuitBreaker(handleAll, { halfOpenAfter: 1_000, breaker: new cockatiel.ConsecutiveBreaker(5) }),
    cockatiel.bulkhead(64, 1_024),
    cockatiel.timeout(200, cockatiel.TimeoutStrategy.Aggressive),
  );
  return () => policy.execute(answer);
}

function opossums() {
  const guard = new CircuitBreaker(answer, { timeout: 200, capacity: 64, resetTimeout: 1_000 });
  return { call: () => guard.fire(), end: () => guard.shutdown() };
}

/** The same stack is asked first whether it works: it answers, and it tries again. */
async function assertWorks(name, call) {
  if ((await call()) !== 42) throw new Error(`${name} answers wrongly`);
}

function report(title, suite) {
  return new Promise((resolve, reject) => {
    console.log(`\n${title}`);
    suite
      .on('cycle', ({ target }) => {
        if (target.error) return reject(target.error);
        const ns = (1e9 / target.hz).toFixed(target.hz > 1e7 ? 1 : 0);
        console.log(`  ${target.name.padEnd(58)} ${ns.padStart(8)} ns ± ${target.stats.rme.toFixed(1)} %`);
      })
      .on('complete', () => resolve(suite))
      .run({ async: true });
  });
}

const DEFERRED = { defer: true, minSamples: 40 };
/** Calls made one after another for each measurement, so that the measurement's own cost drops out. */
const CALLS = 200;

/** @param {() => Promise<unknown>} call */
function inTurn(call) {
  return async (deferred) => {
    for (let i = 0; i < CALLS; i++) await call();
    deferred.resolve();
  };
}

console.log(`node ${process.version}, ${os.cpus()[0]?.model}, ${os.cpus().length} cores`);

const stack = ours();
const bare = oursWithoutTimer();
const theirs = cockatiels();
const other = opossums();
await assertWorks('ringfence', stack);
await assertWorks('ringfence without timeout', bare);
await assertWorks('cockatiel', theirs);
await assertWorks('opossum', other.call);

const stacked = await report(
  `Stacked around a function that answers at once, per ${CALLS} calls one after another`,
  new Benchmark.Suite()
    .add('the function alone', inTurn(answer), DEFERRED)
    .add('ringfence: retry + budget + breaker + bulkhead', inTurn(bare), DEFERRED)
    .add('ringfence: retry + budget + breaker + bulkhead + timeout', inTurn(stack), DEFERRED)
    .add('cockatiel: retry + breaker + bulkhead + timeout', inTurn(theirs), DEFERRED)
    .add('opossum: breaker + capacity + timeout', inTurn(other.call), DEFERRED),
);
const perCall = stacked.map((bench) => 1e9 / bench.hz / CALLS);
console.log('\n  per call, less the function alone:');
stacked.forEach((bench, i) => {
  if (i > 0) console.log(`  ${bench.name.padEnd(58)} ${(perCall[i] - perCall[0]).toFixed(0).padStart(8)} ns`);
});
console.log(`  cockatiel / ringfence = ${((perCall[3] - perCall[0]) / (perCall[2] - perCall[0])).toFixed(1)}`);
other.end();

const counted = breaker();
const byCalls = breaker({ windowCalls: 100 });
const slow = breaker({ slowCallMs: 100 });
const budget = new RetryBudget();
let now = performance.now();
let refused = 0;
const account = (guard) => () => {
  // The caller has just read the clock for the duration: time moves on by 10 µs a batch.
  now += 0.01;
  if (!guard.tryAcquire()) refused++;
  guard.onSuccess(1.5, 1, now);
};

await report(
  'Accounting per batch',
  new Benchmark.Suite()
    .add('an empty function', () => {
      now += 0.01;
    })
    .add('performance.now()', () => {
      now = performance.now();
    })
    .add('breaker.tryAcquire + onSuccess, window by time', account(counted))
    .add('breaker.tryAcquire + onSuccess, window by calls', account(byCalls))
    .add('breaker.tryAcquire + onSuccess, slow calls counted', account(slow))
    .add('breaker.tryAcquire + onSuccess, reading the clock itself', () => {
      if (!counted.tryAcquire()) refused++;
      counted.onSuccess(1.5);
    })
    .add('budget.onCall', () => {
      budget.onCall(1);
    }),
);
if (refused > 0) throw new Error('a breaker opened without a failure');
