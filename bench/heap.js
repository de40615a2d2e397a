/**
 * What does a call in flight hold in memory, and does a cache grow under load that does not end?
 *
 *   node bench/heap.js                 a minute of mixed load
 *   node bench/heap.js --minutes 30    the real question
 *   node bench/heap.js --json          prints nothing but one line of JSON
 *
 * Run after `npm run build`.
 */

import { parseArgs } from 'node:util';
import { createCache } from 'ringfence';
import { loadContenders } from './contenders/index.js';
import { bytesHeld } from './harness/collected.js';
import { createDataset } from './harness/dataset.js';
import { heapPerCall } from './harness/in-flight-heap.js';
import { mixedLoad } from './harness/mixed-load.js';
import { startServers } from './harness/servers.js';
import { median } from './harness/statistics.js';
import { targetTable } from './harness/tables.js';
import { isMet, limitOf } from './harness/verdicts.js';

const MIB = 2 ** 20;
const VALUE_BYTES = 100;
const PATIENCE = { attemptMs: 60_000, totalMs: 60_000, connectMs: 5_000 };
const SAMPLES = 60;
/** After this much of the load nothing should grow any more: two minutes, or a third of a shorter run. */
const SETTLED_MS = 120_000;
/** What collected heaps differ by from one reading to the next. */
const NOISE = 2 * MIB;

const { values: flags } = parseArgs({
  options: { minutes: { type: 'string', default: '1' }, json: { type: 'boolean', default: false } },
});
const say = (text) => {
  if (!flags.json) console.log(text);
};

async function perCall(servers) {
  const { contenders } = await loadContenders();
  const data = createDataset({ letter: 'a', keys: 10_000, valueBytes: VALUE_BYTES });
  const rows = [];
  for (const id of ['ringfence', 'ioredis', 'ioredis-auto', 'limit']) {
    const contender = contenders.get(id);
    const attach = await contender.open({ nodes: servers.redis, backend: 'redis', timeouts: PATIENCE });
    const client = attach(data);
    const sets = await heapPerCall(servers.redis, client.set, data.keys.length);
    const gets = await heapPerCall(servers.redis, client.get, data.keys.length);
    await client.close();
    const { median: set, ...range } = sets;
    const row = { id, label: contender.title, get: gets, set: { median: set, ...range } };
    rows.push(row);
    say(`${row.label.padEnd(26)} GET ${gets.median.toFixed(0).padStart(6)} B   SET ${set.toFixed(0).padStart(6)} B`);
  }
  return rows;
}

async function growth(servers, minutes) {
  const nodes = [...servers.redis, ...servers.memcached].map((node) => ({
    url: `${servers.redis.includes(node) ? 'redis' : 'memcached'}://${node.host}:${node.port}`,
    name: `${node.name}-${node.port}`,
  }));
  const cache = createCache({ nodes, namespace: 'growth', replication: 2 });
  await cache.ready();
  const began = performance.now();
  const lengthMs = minutes * 60_000;
  const samples = [];
  let isOver = false;
  const load = mixedLoad(cache, () => isOver);
  load.catch(() => {
    isOver = true;
  });
  while (!isOver && performance.now() - began < lengthMs) {
    await new Promise((resolve) => setTimeout(resolve, lengthMs / SAMPLES));
    const { all } = await bytesHeld();
    samples.push({ seconds: (performance.now() - began) / 1_000, mib: all / MIB });
  }
  isOver = true;
  const { calls, failed } = await load;
  await cache.destroy();
  const settledAt = Math.min(SETTLED_MS, lengthMs / 3) / 1_000;
  const settled = samples.filter(({ seconds }) => seconds > settledAt).map(({ mib }) => mib);
  const third = Math.ceil(settled.length / 3);
  const [first, last] = [median(settled.slice(0, third)), median(settled.slice(-third))];
  say(
    `${minutes} min, ${calls} calls, ${failed} rejected: ${first.toFixed(1)} MiB after ${settledAt.toFixed(0)} s, ${last.toFixed(1)} MiB at the end`,
  );
  return { minutes, calls, failed, settledAfterSeconds: settledAt, samples, first, last };
}

const servers = await startServers({ redis: 3, memcached: 3 });
try {
  if (servers.redis.length === 0) throw new Error('redis-server is needed');
  const calls = await perCall(servers);
  const grown = await growth(servers, Number(flags.minutes));
  const [own] = calls;
  const verdict = (says, target, spread) => ({
    title: 'heap',
    says,
    limit: limitOf(target),
    ...spread,
    verdict: isMet(target, spread.median) ? 'met' : 'missed',
  });
  const verdicts = [
    verdict('a GET in flight', { atMost: 400, unit: ' B' }, own.get),
    // The values are those of the dataset, which holds them itself.
    verdict('a SET in flight, beyond its value', { atMost: 400, unit: ' B' }, own.set),
    verdict(
      `growth in ${grown.minutes} min, after the first ${grown.settledAfterSeconds.toFixed(0)} s`,
      { atMost: NOISE / MIB, unit: ' MiB' },
      { median: grown.last - grown.first },
    ),
  ];
  say(`\n${targetTable(verdicts)}`);
  if (flags.json) console.log(JSON.stringify({ calls, growth: grown, verdicts }));
} finally {
  await servers.stop();
}
