/**
 * `npm run bench:migration`: what a migration from the placement of memjs to the own ring does to hit rate, staleness and
 * latency, on real memcached processes under load, beside a switch at once; and what becomes of the writes of a memjs that
 * runs on. Writes bench/MIGRATION.md, bench/report/migration.json and a plot for each scenario.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { startMemcached } from 'ringfence/testing';
import { describeEnvironment } from './harness/environment.js';
import { CODECS, open, Timed } from './migration/clients.js';
import { measureForeign } from './migration/foreign.js';
import { pageOf, plotMigration, slug } from './migration/page.js';
import { SCENARIOS, WAYS } from './migration/scenarios.js';
import { figuresOf } from './rebalance/figures.js';
import { Traffic, zipf } from './rebalance/traffic.js';

const { values: given } = parseArgs({
  options: {
    keys: { type: 'string', default: '200000' },
    scenario: { type: 'string', default: '' },
    way: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});
if (given.help) {
  console.log('node bench/migration.js [--keys 200000] [--scenario five] [--way json]');
  process.exit(0);
}

const memjs = createRequire(import.meta.url)('memjs');
const KEYS = Number(given.keys);
const BUCKET_MS = 250;
const BEFORE_MS = 5_000;
const FOREIGN_MS = 10_000;
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const startServers = (count) =>
  Promise.all(Array.from({ length: count }, () => startMemcached({ args: ['-m', '512'] })));

const results = [];
for (const scenario of SCENARIOS.filter(({ name }) => name.includes(given.scenario))) {
  for (const way of WAYS.filter(({ name }) => name.includes(given.way))) {
    const result = await measure(scenario, way);
    results.push(result);
    const { figures, before, during } = result;
    console.log(
      `${scenario.name.padEnd(46)} ${way.name.padEnd(26)} before ${figures.before.toFixed(2)} %  dip ${figures.dip.toFixed(2)} points  stale ${result.stale}  errors ${result.errors}  p99 ${before.p99Ms.toFixed(2)} -> ${during.p99Ms.toFixed(2)} ms  moved ${result.moved}  ${result.phase} after ${result.promotedAfterMs} ms`,
    );
  }
}

const foreign = [];
for (const mode of ['read-through', 'copy-forward']) {
  const servers = await startServers(4);
  foreign.push({ mode, ...(await measureForeign(servers, { mode, ramp: 100 }, FOREIGN_MS)) });
  console.log(foreign.at(-1));
  await Promise.all(servers.map((server) => server.stop()));
}

const environment = describeEnvironment(['ringfence', 'memjs']);
mkdirSync('bench/report', { recursive: true });
for (const { name } of SCENARIOS) {
  const rows = results.filter((row) => row.scenario === name);
  if (rows.length === 0) continue;
  writeFileSync(`bench/report/migration-${slug(name)}.svg`, plotMigration(name, rows, BUCKET_MS, BEFORE_MS));
}
writeFileSync(
  'bench/report/migration.json',
  JSON.stringify({ environment, keys: KEYS, results, foreign }, undefined, 1),
);
writeFileSync('bench/MIGRATION.md', pageOf(results, foreign, { environment, keys: KEYS }));
console.log('wrote bench/MIGRATION.md and bench/report/');
process.exit(0);

async function measure(scenario, way) {
  const servers = await startServers(scenario.next);
  const urls = servers.map(({ url }) => url);
  const old = { placement: 'npm-memjs', nodes: urls.slice(0, scenario.old) };
  const codec = way.codec ?? 'string';
  const isMigration = way.windowMs !== undefined;
  const from = isMigration ? { migration: { from: old, bounds: {}, ...way.options } } : {};
  const cache = isMigration
    ? await open(urls, codec, from)
    : await open(old.nodes, codec, { placement: old.placement });
  const client = new Timed(cache);
  const random = seeded(42);
  const next = zipf(KEYS, 0.99, random);
  const traffic = new Traffic({ client, keys: KEYS, random, next, ...CODECS[codec] });
  // memjs itself stores them where it can be read.
  const filler = codec === 'string' ? await memjsWriter(servers.slice(0, scenario.old)) : undefined;
  if (filler !== undefined) client.switchTo(filler);
  await traffic.fill(KEYS);
  client.switchTo(cache);
  const opened = [cache];
  const result = { scenario: scenario.name, way: way.name, percents: [] };
  const began = performance.now();
  await Promise.all([
    traffic.run(BEFORE_MS + way.afterMs, BUCKET_MS),
    (async () => {
      await wait(BEFORE_MS);
      result.before = client.taken();
      if (!isMigration) {
        const after = await open(urls, codec);
        opened.push(after);
        client.switchTo(after);
        return;
      }
      const { migration } = cache;
      const told = () => result.percents.push([(performance.now() - began) / 1_000, migration.percent]);
      cache.on('migrationRamped', told);
      told();
      migration.rampTo({ windowMs: way.windowMs, steps: 10 });
      while (migration.phase === 'ramping') await wait(100);
      // Not where the machine was so busy that the bounds have rolled it back.
      if (migration.phase === 'steady') {
        await migration.promote();
        result.promotedAfterMs = Math.round(performance.now() - began - BEFORE_MS);
      }
      result.servedByOld = migration.missesServedByOld;
      result.moved = migration.moved;
      result.phase = migration.phase;
      told();
    })(),
  ]);
  result.during = client.taken();
  result.rates = Array.from(traffic.buckets, (bucket) =>
    bucket === undefined || bucket.reads === 0 ? null : (100 * bucket.hits) / bucket.reads,
  );
  result.stale = traffic.stale;
  result.errors = traffic.errors;
  result.figures = figuresOf(result.rates, BUCKET_MS, BEFORE_MS);
  filler?.close();
  await Promise.all(opened.map((one) => one.close({ timeoutMs: 500 })));
  await Promise.all(servers.map((server) => server.stop()));
  return result;
}

async function memjsWriter(servers) {
  const client = memjs.Client.create(servers.map(({ host, port }) => `${host}:${port}`).join(','), { timeout: 5 });
  const write = (key, value) => client.set(key, value, { expires: 3_600 });
  return {
    set: write,
    setMany: async (entries) => {
      for (let at = 0; at < entries.length; at += 200)
        await Promise.all(entries.slice(at, at + 200).map(([key, value]) => write(key, value)));
    },
    close: () => client.close(),
  };
}

function seeded(start) {
  let seed = start;
  return () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed / 2 ** 32;
  };
}
