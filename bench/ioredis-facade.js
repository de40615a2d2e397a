/**
 * What does it cost to keep writing ioredis? `ringfence/ioredis` next to ioredis with autopipelining, whose placement is
 * looked up beforehand: GET, SET and INCR of 100-byte values over three Redis nodes, 256 in flight. Printed is the ratio of
 * each round, with its median and spread.
 *
 * Run after `npx tsc -p src`: node bench/ioredis-facade.js [rounds]
 */

import { environmentLines } from './harness/environment.js';
import { runWorkloads } from './harness/run-workloads.js';
import { ratios, spread } from './harness/statistics.js';
import { disqualified, workloadTable } from './harness/tables.js';

const ROUNDS = Number(process.argv[2] ?? 11);
const REFERENCE = 'ioredis-auto';
const TARGET = { operation: 'get', atLeast: 2 };
const TITLES = { get: 'GET', set: 'SET with TTL', increment: 'INCR' };

const workloads = Object.entries(TITLES).map(([operation, title]) => ({
  id: operation,
  title: `${title}, 100 B, 256 in flight`,
  operation,
  inFlight: 256,
  dataset: { keys: 10_000, valueBytes: 100 },
  entries: ['ringfence-ioredis', 'ringfence', REFERENCE, 'ioredis'].map((contender) => ({ contender })),
  rounds: ROUNDS,
  sliceMs: 200,
}));

const shown = (ratio) => ratio.toFixed(2);

const { environment, workloads: results } = await runWorkloads(workloads, {
  onWorkload(result) {
    const [facade] = result.rows;
    const reference = result.rows.find(({ id }) => id === REFERENCE);
    console.log(`${result.title}\n\n${workloadTable(result)}\n`);
    if (facade === undefined || reference === undefined) return;
    const all = ratios(facade, reference);
    const { median, low, high } = spread(all);
    console.log(`${facade.label} / ${reference.label}, round by round: ${all.map(shown).join(' ')}`);
    console.log(`median ${shown(median)} ×, from ${shown(low)} to ${shown(high)}\n`);
    if (result.operation !== TARGET.operation) return;
    const isMet = median >= TARGET.atLeast && facade.out === undefined;
    console.log(`at least ${TARGET.atLeast} ×: ${isMet ? 'met' : '**missed**'}\n`);
    if (!isMet) process.exitCode = 1;
  },
});
for (const line of environmentLines(environment)) console.log(line);
for (const line of results.flatMap(disqualified)) console.log(line);
