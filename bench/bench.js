/**
 * Everything, in under ten minutes on two cores: ring lookup, placements, all workloads, memory, scale. Writes
 * bench/report/ (index.html, overview.svg, results.json), bench/RESULTS.md and bench/SCALE.md.
 *
 *   npm run bench
 *   node bench/bench.js --only redis-get    the workloads whose id contains a word; prints, writes nothing
 */

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { environmentLines } from './harness/environment.js';
import { writeReport } from './harness/report.js';
import { runWorkloads } from './harness/run-workloads.js';
import { disqualified, targetTable, workloadTable } from './harness/tables.js';
import { judgeTargets } from './harness/verdicts.js';
import { measureRingLookup } from './ring-lookup.js';
import { targets } from './targets.js';
import { workloads as all } from './workloads.js';

const { values: flags } = parseArgs({ options: { only: { type: 'string', default: '' } } });
const began = performance.now();
const isWhole = flags.only === '';

/** Another question, in a process of its own. */
async function answerOf(file, ...args) {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [path, '--json', ...args], { maxBuffer: 2 ** 26 });
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

function show(result) {
  console.log(`${result.title}\n\n${workloadTable(result)}\n`);
}

const lookup = isWhole ? measureRingLookup() : undefined;
const chosen = all.filter(({ id }) => id.includes(flags.only));
const { environment, missing, workloads } = await runWorkloads(chosen, { onWorkload: show });
const verdicts = judgeTargets(targets, workloads);
const out = workloads.flatMap(disqualified);

if (isWhole) {
  console.error('memory: what a call in flight holds, and whether a minute of load leaves anything');
  const heap = await answerOf('heap.js', '--minutes', '1');
  console.error('scale: rings and processes of up to 1,000 nodes');
  const scale = await answerOf('scale.js');
  console.error('placements: finding owners where other clients put keys');
  const placements = await answerOf('placements.js', '--main', '--rounds', '7');
  verdicts.push(...lookup.verdicts, ...placements.verdicts, ...heap.verdicts);
  const minutes = (performance.now() - began) / 60_000;
  const nanoseconds = lookup.nanoseconds;
  await writeReport({ environment, missing, workloads, verdicts, out, heap, scale, nanoseconds, minutes });
}
console.log(`${targetTable(verdicts)}\n`);
for (const line of [...environmentLines(environment), ...out]) console.log(line);
console.log(`${((performance.now() - began) / 60_000).toFixed(1)} min`);
