/**
 * `npm run test:mutants`: proves the tests of the fault rows. Plants each row's fault into a copy of the source, runs that
 * row's tests only, and expects them to fail; without a fault they must pass. Writes test/FAULTS.md.
 *
 *   node test/mutants/run.js --rows A1,B2    these only: their lines of the page are made anew
 *   node test/mutants/run.js --check         plants everything and runs nothing
 *
 * A fault is a replacement of text that must occur exactly once: one that does not is reported as broken, and so is a fault
 * that keeps the tests from being run at all.
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { faultsTable } from './faults-table.js';
import { mutants } from './rows/index.js';
import { everyRow, filesOf } from './rows.js';
import { Sandbox } from './sandbox.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { values: given } = parseArgs({
  options: {
    rows: { type: 'string', default: '' },
    workers: { type: 'string', default: '2' },
    check: { type: 'boolean', default: false },
  },
});

const wanted = given.rows === '' ? undefined : new Set(given.rows.split(','));
const rows = everyRow().filter((row) => wanted === undefined || wanted.has(row));
const jobs = rows.flatMap((row) => {
  const files = filesOf(ROOT, row);
  const own = mutants.filter((mutant) => mutant.row === row);
  if (files.length === 0 || own.length === 0)
    return [{ row, files, result: files.length === 0 ? 'no test' : 'no fault planted' }];
  return own.map((mutant) => ({ row, files, mutant }));
});

if (given.check) {
  const sandbox = await Sandbox.create(ROOT);
  for (const { mutant } of jobs) {
    const broken = mutant === undefined ? undefined : sandbox.fit(mutant);
    if (broken !== undefined) console.log(`${mutant.row} ${mutant.name}: ${broken}`);
  }
  for (const { row, result } of jobs) if (result !== undefined) console.log(`${row}: ${result}`);
  await sandbox.remove();
  process.exit(0);
}

const began = performance.now();
const queue = [...jobs];
await Promise.all(
  Array.from({ length: Number(given.workers) }, async () => {
    const sandbox = await Sandbox.create(ROOT);
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
      if (job.result === undefined) Object.assign(job, await sandbox.prove(job));
      const seconds = Math.round((performance.now() - began) / 1_000);
      console.log(
        `${`${seconds} s`.padStart(6)}  ${job.row.padEnd(4)} ${job.result.padEnd(10)} ${job.mutant?.name ?? ''}${job.why === undefined ? '' : `: ${job.why}`}`,
      );
    }
    await sandbox.remove();
  }),
);
const page = join(ROOT, 'test/FAULTS.md');
writeFileSync(page, faultsTable(jobs, existsSync(page) ? readFileSync(page, 'utf8') : ''));
console.log('wrote test/FAULTS.md');
const bad = jobs.filter(({ result }) => result !== 'caught');
console.log(`${jobs.length - bad.length} of ${jobs.length} caught`);
process.exitCode = bad.length > 0 ? 1 : 0;
