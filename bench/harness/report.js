/** Writes what a whole run found: pictures and tables for people, numbers for programs. */

import { mkdir, writeFile } from 'node:fs/promises';
import { environmentLines } from './environment.js';
import { page } from './page.js';
import { overview } from './report-charts.js';
import { guardTable, table, targetTable, workloadTable } from './tables.js';

const FOLDER = new URL('../report/', import.meta.url);
const RESULTS = new URL('../RESULTS.md', import.meta.url);

/** @param {object} found everything `bench.js` has measured */
export async function writeReport(found) {
  const { environment, missing, workloads, verdicts, out, heap, scale, nanoseconds, minutes } = found;
  const facts = [...environmentLines(environment), `The whole run took ${minutes.toFixed(1)} minutes.`];
  const notes = [...missing.map((name) => `${name} is not installed: its rows are left out.`), ...out];
  const targets = targetTable(verdicts);
  const guards = guardTable(workloads);
  const numbers = {
    environment,
    minutes,
    missing,
    verdicts,
    workloads,
    heap,
    scale,
    ringLookupNanoseconds: nanoseconds,
  };
  await mkdir(FOLDER, { recursive: true });
  await Promise.all([
    writeFile(new URL('results.json', FOLDER), `${JSON.stringify(numbers, short, 1)}\n`),
    writeFile(new URL('index.html', FOLDER), page({ facts, targets, guards, notes, workloads, growth: heap.growth })),
    writeFile(new URL('overview.svg', FOLDER), overview(workloads)),
    writeFile(RESULTS, markdown({ facts, notes, targets, guards, workloads, heap })),
  ]);
}

/** Five digits are more than any of it is good for. */
function short(_, value) {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;
}

function markdown({ facts, notes, targets, guards, workloads, heap }) {
  const sections = workloads.map((workload) => `### ${workload.title}\n\n${workloadTable(workload)}`);
  const bytes = table(
    ['bytes a call in flight', 'GET', 'SET, its value included'],
    heap.calls.map(({ label, get, set }) => [label, get.median.toFixed(0), set.median.toFixed(0)]),
  );
  return `# Results

Written by \`npm run bench\`. How it is measured: [README.md](README.md). Rings and fleets: [SCALE.md](SCALE.md).

${facts.map((fact) => `- ${fact}`).join('\n')}

## What it must show

Medians over all rounds of a ratio taken within each round; three nodes, 100-byte values, everything in ringfence switched on.

${targets}
${notes.length === 0 ? '\nEvery answer of every contender was checked, and none was wrong.\n' : `\n${notes.map((note) => `- ${note}`).join('\n')}\n`}
## Workloads

"ringfence is" tells how many times as many calls a second it makes as the contender of that row.

${sections.join('\n\n')}

## Memory

${bytes}

## Guards

${guards}
`;
}
