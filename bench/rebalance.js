/**
 * `npm run bench:rebalance`: what a change of the ring does to the hit rate, for four policies side by side, on real
 * redis-server and memcached processes (`--memory` without any). Zipf 0.99 over 200,000 keys, a loader that fills misses,
 * codecs `json` and `string`; with `--trace`, the requests of real traces instead, codec `json`. Writes bench/REBALANCE.md from
 * what this run and the last one of the other kind found, and for Zipf a plot for each scenario.
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { describeEnvironment } from './harness/environment.js';
import { BEFORE_MS, BUCKET_MS, measure } from './rebalance/measure.js';
import { pageOf, plotFile, traceName } from './rebalance/page.js';
import { plotScenario } from './rebalance/plot.js';
import { POLICIES } from './rebalance/policies.js';
import { SCENARIOS } from './rebalance/scenarios.js';
import { readTrace } from './rebalance/trace.js';
import { zipf } from './rebalance/traffic.js';

const { values: given } = parseArgs({
  options: {
    memory: { type: 'boolean', default: false },
    keys: { type: 'string', default: '200000' },
    codec: { type: 'string' },
    scenario: { type: 'string', default: '' },
    trace: { type: 'string', multiple: true },
    help: { type: 'boolean', default: false },
  },
});
if (given.help) {
  console.log(
    'node bench/rebalance.js [--memory] [--keys 200000] [--codec json,string] [--scenario killed] [--trace FILE, one key a line, .gz or not; several times]',
  );
  process.exit(0);
}

const REPORTS = { zipf: 'bench/report/rebalance.json', traces: 'bench/report/rebalance-traces.json' };
const kind = given.trace === undefined ? 'zipf' : 'traces';
const keys = Number(given.keys);
const workloads =
  given.trace === undefined
    ? [{ named: {}, keys, requestsOf: (random) => zipf(keys, 0.99, random) }]
    : given.trace.map((file) => {
        const trace = readTrace(file);
        const named = { trace: traceName(file), keys: trace.keys, requests: trace.length };
        return { named, keys: trace.keys, requestsOf: trace.requests };
      });
const codecs = (given.codec ?? (kind === 'zipf' ? 'json,string' : 'json')).split(',');
const scenarios = SCENARIOS.filter(({ name }) => name.includes(given.scenario));

const results = [];
const began = performance.now();
for (const { named, ...load } of workloads) {
  for (const codec of codecs) {
    for (const scenario of scenarios) {
      for (const policy of POLICIES) {
        const result = { ...named, ...(await measure({ codec, scenario, policy, memory: given.memory, ...load })) };
        results.push(result);
        const { figures } = result;
        const seconds = Math.round((performance.now() - began) / 1_000);
        console.log(
          `${String(seconds).padStart(4)} s  ${(named.trace ?? codec).padEnd(6)} ${scenario.name.padEnd(24)} ${policy.name.padEnd(33)} before ${figures.before.toFixed(2)} %  dip ${figures.dip.toFixed(2)} points  area ${figures.area.toFixed(1)}  back after ${figures.recovery}  stale ${result.stale}  errors ${result.errors}`,
        );
      }
    }
  }
}

const environment = describeEnvironment(['ringfence']);
mkdirSync('bench/report', { recursive: true });
if (kind === 'zipf') {
  for (const codec of codecs) {
    for (const { name } of scenarios) {
      const rows = results.filter((row) => row.codec === codec && row.scenario === name);
      writeFileSync(
        `bench/report/${plotFile(rows[0])}`,
        plotScenario(`${name} (${codec})`, rows, BUCKET_MS, BEFORE_MS),
      );
    }
  }
}
writeFileSync(REPORTS[kind], JSON.stringify({ environment, keys, memory: given.memory, results }, undefined, 1));
const reports = Object.entries(REPORTS).filter(([, file]) => existsSync(file));
writeFileSync(
  'bench/REBALANCE.md',
  pageOf(Object.fromEntries(reports.map(([name, file]) => [name, JSON.parse(readFileSync(file, 'utf8'))]))),
);
console.log('wrote bench/REBALANCE.md and bench/report/');
process.exit(0);
