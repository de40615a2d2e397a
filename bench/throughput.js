/**
 * How many GETs and SETs a second, next to ioredis and to raw sockets? 100-byte values over three Redis nodes, 1, 32 and
 * 256 calls in flight, in less than a minute. For all workloads: bench.js.
 *
 * Run after `npm run build`: node bench/throughput.js
 */

import { environmentLines } from './harness/environment.js';
import { runWorkloads } from './harness/run-workloads.js';
import { disqualified, targetTable, workloadTable } from './harness/tables.js';
import { judgeTargets } from './harness/verdicts.js';
import { throughputTargets } from './targets.js';
import { throughputWorkloads } from './workloads.js';

const { environment, workloads } = await runWorkloads(throughputWorkloads, {
  onWorkload: (result) => console.log(`${result.title}\n\n${workloadTable(result)}\n`),
});
const verdicts = judgeTargets(throughputTargets, workloads);
console.log(`${targetTable(verdicts)}\n`);
for (const line of environmentLines(environment)) console.log(line);
const out = workloads.flatMap(disqualified);
for (const line of out) console.log(line);
if (out.length === 0) console.log('Every answer of every contender was checked: none was wrong.');
if (verdicts.some(({ verdict }) => verdict !== 'met')) process.exitCode = 1;
