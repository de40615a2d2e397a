/**
 * `npm run bench:all-dead`: all nodes die under 10,000 calls a second and stay dead for two minutes. Does the process grow,
 * does it hammer the nodes, do callers get what is remembered, and do the nodes come back to a burst? Writes
 * bench/ALL-DEAD.md.
 *
 *   node bench/all-dead.js --seconds 20    a shorter outage, judged over its second half, written nowhere
 */

import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createCache } from 'ringfence';
import { Witness } from './all-dead/witness.js';
import { Child } from './failover/child.js';
import { describeEnvironment, environmentLines } from './harness/environment.js';
import { table } from './harness/tables.js';

const { values: given } = parseArgs({
  options: { seconds: { type: 'string', default: '120' }, rate: { type: 'string', default: '10000' } },
});
const SECONDS = Number(given.seconds);
const RATE = Number(given.rate);
const NODES = 3;
const KEYS = 10_000;
/** Keys that are written, too: of what a failed write may have changed nothing is remembered. */
const WRITTEN = 1_000;
const SET_SHARE = 0.02;
const TICK_MS = 2;
const STEADY_S = 8;
const RECOVERY_S = 15;
/** Small calls and work behind the scenes have a connection a node each; a pause is drawn from 0 to 2 s. */
const LANES = 3;
const MEAN_PAUSE_S = 1;
/** Bytes to a node in a second, to their mean before: 1.5 of it where two nodes serve what three did. */
const BURST = 2;

const environment = describeEnvironment(['ringfence']);
const fleet = new Child('./fleet-host.js', ['redis', NODES]);
const { nodes } = await fleet.answer();
const everyNode = async (fault) => {
  for (let node = 0; node < NODES; node++) await fleet.ask({ fault, node });
};
const keys = Array.from({ length: KEYS }, (_, i) => `key-${i}`);
const cache = createCache({
  nodes: nodes.map(({ host, port, name }) => ({ url: `redis://${host}:${port}`, name })),
  namespace: 'all-dead',
  fallback: { maxEntries: 2 * KEYS, maxStaleMs: 10 * 60_000 },
});
await cache.ready();
const { failures } = await cache.setMany(
  keys.map((key) => [key, { key, text: 'x'.repeat(100) }]),
  { timeoutMs: 10_000 },
);
if (failures.size > 0) throw new Error('the nodes could not be filled');

const witness = new Witness();
const rows = [];
let isOver = false;
const load = run();
await phase('steady', STEADY_S);
const { slices: usual } = await fleet.ask({ watchMs: 2_000 });
await everyNode('kill');
await phase('dead, first half', SECONDS / 2);
const halfAt = witness.seconds;
await phase('dead, second half', SECONDS / 2);
const endAt = witness.seconds;
const bursts = await backWithoutBurst();
isOver = true;
await load;
const left = witness.unsettled;
const stats = cache.stats();
await cache.destroy();
await fleet.end();

const [, early, late] = rows;
const mostConnects = Math.ceil(NODES * LANES * (SECONDS / 2 / MEAN_PAUSE_S));
const verdicts = [
  verdict(
    'growth of what is held, second half of the outage',
    '< 1 MiB a minute',
    witness.slope(halfAt, endAt),
    (x) => x < 1,
    ' MiB a minute',
  ),
  verdict(
    'connects in the second half of the outage',
    `≤ ${mostConnects}`,
    witness.connectsBetween(halfAt, endAt),
    (x) => x <= mostConnects,
  ),
  verdict(
    'gets answered from what is remembered, of those that can be',
    '≥ 99.9 %',
    (100 * late.answered) / (late.calls * (1 - SET_SHARE) * (1 - WRITTEN / KEYS)),
    (x) => x >= 99.9,
    ' %',
  ),
  verdict('calls that failed while all were dead', '0', early.failed + late.failed, (x) => x === 0),
  verdict('longest p99 of a second while all were dead', '< 5 ms', late.p99Ms, (x) => x < 5, ' ms'),
  verdict(
    'most bytes a node got in a second on its return, to the mean before',
    `≤ ${BURST} ×`,
    bursts.second,
    (x) => x <= BURST,
    ' ×',
  ),
  verdict(
    'connects in the first second after the return',
    `≤ ${NODES * LANES * 2}`,
    bursts.connects,
    (x) => x <= NODES * LANES * 2,
  ),
  verdict('calls that never settled', '0', left, (x) => x === 0),
];
const text = `${[
  '# All nodes dead',
  '',
  `${NODES} Redis nodes die at once under ${RATE.toLocaleString('en')} calls a second (98 gets to 2 sets, ${KEYS.toLocaleString('en')} keys) and stay dead for ${SECONDS} s; default options but for a fallback that remembers for ten minutes. Made by \`npm run bench:all-dead\`.`,
  '',
  ...environmentLines(environment).map((line) => `- ${line}`),
  '',
  table(
    ['', 'target', 'measured', ''],
    verdicts.map(({ says, limit, measured, isMet }) => [says, limit, measured, isMet ? 'met' : '**missed**']),
  ),
  '',
  table(
    ['', 'calls', 'answered', 'answered by nothing', 'failed', 'p99 ms', 'longest ms', 'connects a second'],
    rows.map((row) => [
      row.name,
      ...[row.calls, row.answered, row.missed, row.failed].map(String),
      row.p99Ms.toFixed(2),
      row.longestMs.toFixed(0),
      row.connects.toFixed(1),
    ]),
  ),
  '',
  `Answered by nodes again ${bursts.backMs === undefined ? 'not within the run' : `${(bursts.backMs / 1_000).toFixed(1)} s after they were back`}. In a tenth of a second the busiest got ${bursts.tenth.toFixed(1)} × the mean before: it paid its debts, 10,000 deletes a second at most. Retries in the whole run: ${stats.calls.retries}. Held after a collection, MiB by second: ${witness.held.map(([at, mib]) => `${at.toFixed(0)}: ${mib.toFixed(1)}`).join(', ')}.`,
].join('\n')}\n`;
console.log(text);
if (SECONDS === 120 && RATE === 10_000) writeFileSync('bench/ALL-DEAD.md', text);
process.exitCode = verdicts.every(({ isMet }) => isMet) ? 0 : 1;

function verdict(says, limit, measured, holds, unit = '') {
  return {
    says,
    limit,
    measured: `${Number.isInteger(measured) ? measured : measured.toFixed(2)}${unit}`,
    isMet: holds(measured),
  };
}

async function run() {
  const began = performance.now();
  let done = 0;
  while (!isOver) {
    const due = ((performance.now() - began) * RATE) / 1_000;
    while (done < due) {
      done++;
      const isSet = Math.random() < SET_SHARE;
      const key = keys[Math.floor(Math.random() * (isSet ? WRITTEN : KEYS))];
      witness.see(isSet ? cache.set(key, { key, text: 'x'.repeat(100) }) : cache.get(key));
    }
    await sleep(TICK_MS);
  }
  while (witness.unsettled > 0 && performance.now() - began < 1e9 && (await settles()));
}

/** Waits a little longer for calls under way; false once it is in vain. */
async function settles() {
  const before = witness.unsettled;
  await sleep(1_000);
  return witness.unsettled < before;
}

async function phase(name, seconds) {
  witness.take();
  const from = witness.seconds;
  for (let i = 0; i < seconds; i += 5) {
    await sleep(Math.min(5, seconds - i) * 1_000);
    await witness.sample();
  }
  close(name, from);
}

function close(name, from) {
  const to = witness.seconds;
  const seen = witness.take();
  rows.push({
    name,
    calls: seen.answered + seen.missed + seen.failed,
    connects: witness.connectsBetween(from, to) / (to - from),
    ...seen,
  });
}

/** All nodes come back at once: what the busiest got in a tenth of a second, and when gets were answered by nodes again. */
async function backWithoutBurst() {
  witness.take();
  const from = witness.seconds;
  const watched = fleet.ask({ watchMs: RECOVERY_S * 1_000, bringsBack: true });
  const isServed = () => cache.nodes().every(({ isConnected, state }) => isConnected && state === 'healthy');
  let backMs;
  const looking = setInterval(() => {
    if (backMs === undefined && isServed()) backMs = (witness.seconds - from) * 1_000;
  }, 20);
  const { slices } = await watched;
  clearInterval(looking);
  close('back', from);
  const steady = usual.reduce((sum, bytes) => sum + bytes, 0) / usual.length;
  const seconds = slices.slice(9).map((_, i) => slices.slice(i, i + 10).reduce((sum, bytes) => sum + bytes, 0) / 10);
  return {
    tenth: Math.max(...slices) / steady,
    second: Math.max(...seconds) / steady,
    connects: witness.connectsBetween(from, from + 1),
    backMs,
  };
}
