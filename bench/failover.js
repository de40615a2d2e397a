/**
 * `npm run bench:failover`: what callers notice when a node of three dies and comes back, hangs and goes on, becomes slow,
 * or vanishes without a word, at 2,000 calls a second; ringfence with two copies next to ioredis and memjs. Each client,
 * and each client's nodes, in a process of their own. Writes bench/FAILOVER.md, bench/report/failover.json and a plot.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Child } from './failover/child.js';
import { CLIENTS } from './failover/clients.js';
import { plotLatency } from './failover/plot.js';
import { judge, reportOf } from './failover/report.js';
import { describeEnvironment, load as loadAverages } from './harness/environment.js';

const { values: given } = parseArgs({
  options: {
    client: { type: 'string', default: '' },
    rate: { type: 'string', default: '2000' },
    keys: { type: 'string', default: '5000' },
    episode: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});
if (given.help) {
  console.log('node bench/failover.js [--client ringfence] [--episode killed] [--rate 2000] [--keys 5000]');
  process.exit(0);
}

const NODES = 3;
const WARM_UP_MS = 3_000;
const BEFORE_MS = 5_000;
const FAULT_MS = 6_000;
/** From the end of the fault to the end of the episode, and the most that a client may take to be well again. */
const AFTER_MS = 9_000;
const LONGEST_AFTER_MS = 40_000;

const EPISODES = [
  { name: 'killed, brought back', node: 0, begin: 'kill', end: 'bring back' },
  { name: 'stopped, resumed', node: 1, begin: 'stop', end: 'resume' },
  { name: '500 ms slower', node: 2, begin: 'delay', end: 'heal' },
  { name: 'half-open', node: 0, begin: 'hold', end: 'heal' },
].filter(({ name }) => name.includes(given.episode));

const environment = describeEnvironment(['ringfence', 'ioredis', 'memjs']);
const results = [];
for (const client of CLIENTS.filter(({ id }) => id.includes(given.client))) results.push(await measure(client));
environment.loadAfter = loadAverages();

const isWhole = given.client === '' && given.episode === '';
const text = reportOf(results, { environment, rate: Number(given.rate), keys: Number(given.keys), nodes: NODES });
console.log(text);
if (isWhole) {
  mkdirSync('bench/report', { recursive: true });
  writeFileSync('bench/report/failover.svg', plotLatency(results));
  writeFileSync('bench/report/failover.json', JSON.stringify({ environment, results }, undefined, 1));
  writeFileSync('bench/FAILOVER.md', text);
  console.log('wrote bench/FAILOVER.md, bench/report/failover.svg and bench/report/failover.json');
}
const missed = results
  .filter(({ isOurs }) => isOurs)
  .flatMap(({ figures }) => judge(figures).filter((one) => !one.isMet));
process.exitCode = missed.length > 0 ? 1 : 0;

async function measure({ id, title, backend, isOurs = false }) {
  const fleet = new Child('./fleet-host.js', [backend, NODES]);
  const { nodes } = await fleet.answer();
  const measured = new Child('./measured.js', [id, JSON.stringify(nodes), given.keys, given.rate]);
  await measured.answer();
  await measured.ask({ turn: 'load' });
  await sleep(WARM_UP_MS);
  const began = performance.now();
  const spans = [];
  for (const { name, node, begin, end } of EPISODES) {
    await measured.ask({ turn: 'before', name, node });
    await sleep(BEFORE_MS);
    await measured.ask({ turn: 'fault' });
    const from = performance.now() - began;
    await fleet.ask({ fault: begin, node });
    await sleep(FAULT_MS);
    await fleet.ask({ fault: end, node });
    await measured.ask({ turn: 'healed' });
    spans.push({ name, from, to: performance.now() - began });
    await untilWell(measured);
    await measured.ask({ turn: 'end' });
    console.log(`${title}: ${name}`);
  }
  const { figures, told } = await measured.ask({ turn: 'figures' });
  await measured.end();
  await fleet.end();
  return { id, title, isOurs, figures, told, spans };
}

async function untilWell(measured) {
  const since = performance.now();
  for (;;) {
    await sleep(100);
    const { isWell } = await measured.ask({ turn: 'well' });
    const elapsedMs = performance.now() - since;
    if ((isWell && elapsedMs >= AFTER_MS) || elapsedMs >= LONGEST_AFTER_MS) return;
  }
}
