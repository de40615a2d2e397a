/**
 * `npm run bench:rebalance`: what a change of the ring does to the hit rate, for four policies side by side, on real
 * redis-server and memcached processes (`--memory` without any). Zipf 0.99 over 200,000 keys, a loader that fills misses,
 * codecs `json` and `string`. Writes bench/REBALANCE.md, bench/report/rebalance.json and a plot for each scenario.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { describeEnvironment } from './harness/environment.js';
import { figuresOf, tableOf } from './rebalance/figures.js';
import { startFleet } from './rebalance/fleet.js';
import { plotScenario } from './rebalance/plot.js';
import { POLICIES } from './rebalance/policies.js';
import { SCENARIOS } from './rebalance/scenarios.js';
import { readTrace } from './rebalance/trace.js';
import { Traffic, zipf } from './rebalance/traffic.js';

const { values: given } = parseArgs({
  options: {
    memory: { type: 'boolean', default: false },
    keys: { type: 'string', default: '200000' },
    codec: { type: 'string', default: 'json,string' },
    scenario: { type: 'string', default: '' },
    trace: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (given.help) {
  console.log(
    'node bench/rebalance.js [--memory] [--keys 200000] [--codec json,string] [--scenario killed] [--trace FILE, one key a line, .gz or not]',
  );
  process.exit(0);
}

const trace = given.trace === undefined ? undefined : readTrace(given.trace);
const KEYS = trace?.keys ?? Number(given.keys);
const PAGE = trace === undefined ? 'rebalance' : 'rebalance-trace';
const NODES = 5;
const SAMPLE = Array.from({ length: 20_000 }, (_, i) => `key:${i}`);
const BUCKET_MS = 250;
const BEFORE_MS = 2_000;
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const CODECS = {
  json: { encode: (serial) => ({ serial, text: 'x'.repeat(80) }), decode: ({ serial }) => serial },
  string: { encode: (serial) => String(serial).padStart(100, '0'), decode: Number },
};

const results = [];
const began = performance.now();
const scenarios = SCENARIOS.filter(({ name }) => name.includes(given.scenario));
for (const codec of given.codec.split(',')) {
  for (const scenario of scenarios) {
    for (const policy of POLICIES) {
      const result = await measure(codec, scenario, policy);
      results.push(result);
      const { figures } = result;
      const seconds = Math.round((performance.now() - began) / 1_000);
      console.log(
        `${String(seconds).padStart(4)} s  ${codec.padEnd(6)} ${scenario.name.padEnd(24)} ${policy.name.padEnd(26)} before ${figures.before.toFixed(2)} %  dip ${figures.dip.toFixed(2)} points  area ${figures.area.toFixed(1)}  back after ${figures.recovery}  stale ${result.stale}  errors ${result.errors}`,
      );
    }
  }
}

const environment = describeEnvironment(['ringfence']);
mkdirSync('bench/report', { recursive: true });
for (const codec of given.codec.split(',')) {
  for (const scenario of scenarios) {
    const rows = results.filter((row) => row.codec === codec && row.scenario === scenario.name);
    const file = `bench/report/${PAGE}-${codec}-${scenario.name.replace(/\W+/g, '-')}.svg`;
    writeFileSync(file, plotScenario(`${scenario.name} (${codec})`, rows, BUCKET_MS, BEFORE_MS));
  }
}
writeFileSync(`bench/report/${PAGE}.json`, JSON.stringify({ environment, keys: KEYS, results }, undefined, 1));
const workload =
  trace === undefined
    ? `Zipf 0.99 over ${KEYS.toLocaleString('en')} keys`
    : `the trace ${basename(given.trace)}, ${KEYS.toLocaleString('en')} keys, again and again`;
const page = tableOf(results, scenarios, { environment, workload, page: PAGE, memory: given.memory });
writeFileSync(`bench/${PAGE.toUpperCase()}.md`, page);
console.log(`wrote bench/${PAGE.toUpperCase()}.md and bench/report/`);
process.exit(0);

async function measure(codec, scenario, policy) {
  const fleet = await startFleet(NODES, given.memory);
  const { nodes, spare } = fleet;
  let seed = 42;
  const random = () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed / 2 ** 32;
  };
  const client = await policy.create(
    nodes.map(({ node }) => node),
    codec,
  );
  const traffic = new Traffic({
    client,
    keys: KEYS,
    random,
    next: trace?.requests() ?? zipf(KEYS, 0.99, random),
    ...CODECS[codec],
  });
  await traffic.fill(KEYS);
  const scene = { client, wait, spare: spare.node, nodes };
  const extraBefore = client.extraReads();
  const ownersBefore = SAMPLE.map(client.owner);
  await Promise.all([
    traffic.run(BEFORE_MS + scenario.afterMs, BUCKET_MS),
    (async () => {
      await wait(scenario.before === undefined ? BEFORE_MS : BEFORE_MS - 1_500);
      await scenario.before?.(scene);
      await scenario.act(scene);
    })(),
  ]);
  const result = {
    codec,
    scenario: scenario.name,
    policy: policy.name,
    theory: scenario.theory(NODES),
    rates: Array.from(traffic.buckets, (bucket) =>
      bucket === undefined || bucket.reads === 0 ? null : (100 * bucket.hits) / bucket.reads,
    ),
    stale: traffic.stale,
    errors: traffic.errors,
    extraReads: client.extraReads() - extraBefore,
    moved: SAMPLE.filter((key, i) => client.owner(key) !== ownersBefore[i]).length / SAMPLE.length,
  };
  result.figures = figuresOf(result.rates, BUCKET_MS, scenario.before === undefined ? BEFORE_MS : BEFORE_MS - 1_500);
  await client.close();
  await fleet.stop();
  return result;
}
