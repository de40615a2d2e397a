/**
 * How far does it carry? Rings of 10 to 1,000 nodes under ten million simulated keys, a process with as many connections,
 * and arithmetic for a fleet of 1,000 such processes. Writes bench/SCALE.md.
 *
 *   node bench/scale.js            writes the page
 *   node bench/scale.js --json     prints one line of JSON as well
 *
 * Run after `npm run build`.
 */

import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { describeEnvironment, environmentLines, load } from './harness/environment.js';
import { measureProcess } from './harness/fleet-process.js';
import { Progress } from './harness/progress.js';
import { hashKeys, simulateRing } from './harness/ring-simulation.js';
import { scalePage } from './harness/scale-page.js';
import { startServers } from './harness/servers.js';

const KEYS = 10_000_000;
const RINGS = [10, 30, 100, 300, 1_000];
const PROCESSES = [3, 10, 30, 100, 300, 1_000];

const { values: flags } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
const environment = describeEnvironment(['ringfence']);
const progress = new Progress(1 + RINGS.length + PROCESSES.length);

progress.label(`hashing ${KEYS.toLocaleString('en')} keys`);
const hashes = hashKeys(KEYS);
progress.step();
const rings = [];
for (const nodes of RINGS) {
  progress.label(`a ring of ${nodes} nodes`);
  rings.push(await simulateRing(nodes, hashes));
  progress.step();
}

const processes = [];
const servers = await startServers({ redis: 3 });
try {
  for (const nodes of servers.redis.length > 0 ? PROCESSES : []) {
    progress.label(`a process with ${nodes} nodes`);
    processes.push(await measureProcess(servers.redis, nodes));
    progress.step();
  }
} finally {
  await servers.stop();
}
progress.clear();
environment.loadAfter = load();
const page = scalePage({ keys: KEYS, rings, processes, environment: environmentLines(environment) });
await writeFile(new URL('SCALE.md', import.meta.url), page);
if (flags.json) console.log(JSON.stringify({ rings, processes }));
else console.log(page);
