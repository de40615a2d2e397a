/**
 * All micro benchmarks, one after the other: ring, keys, codecs and near cache, ledger, guards. A word after the name
 * runs the files whose name contains it: `node bench/micro.js ledger`.
 */

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const wanted = process.argv[2] ?? '';
const files = ['ring-lookup.js', ...readdirSync(folder).filter((name) => /^micro-.+\.js$/.test(name))];

for (const file of files.filter((name) => name.includes(wanted))) {
  console.log(`\n# ${file}\n`);
  const { status } = spawnSync(process.execPath, [file], { cwd: folder, stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
