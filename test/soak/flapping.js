/**
 * A node that comes and goes every 2 s for a minute, with the defaults of `health`: prints how often the ring changed, and
 * ends with code 1 if anything stale was read, anything was left unsettled or late, or the ring changed too often.
 *
 * `npm run test:soak [SECONDS]`; needs a build and redis-server.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { createCache } from '../../dist/index.js';
import { FaultProxy, startRedis } from '../../dist/testing.js';

const SECONDS = Number(process.argv[2] ?? 60);
const FLAP_MS = 2_000;
const HOLD_MS = 5_000;
const TOTAL_MS = 500;
const LATENESS_MS = 250;

const servers = await Promise.all([startRedis(), startRedis(), startRedis()]);
const proxies = await Promise.all(servers.map(({ port }) => FaultProxy.start({ port })));
const cache = createCache({
  nodes: proxies.map(({ port }, i) => ({ url: `redis://127.0.0.1:${port}`, name: 'abc'[i] })),
  namespace: 'soak',
  fallback: false,
});
await cache.ready();

const ejectedAt = [];
let [changes, stale, late, hits, reads, open] = [0, 0, 0, 0, 0, 0];
cache.on('nodeEjected', () => ejectedAt.push(performance.now()));
cache.on('topologyChanged', () => changes++);

const keys = Array.from({ length: 200 }, (_, i) => `key ${i}`);
const issued = new Map();
let last = 0;

async function timed(call) {
  open++;
  const began = performance.now();
  const value = await call.catch(() => undefined);
  open--;
  if (performance.now() - began > TOTAL_MS + LATENESS_MS) late++;
  return value;
}

async function read(key) {
  const floor = issued.get(key) ?? 0;
  const value = await timed(cache.get(key));
  reads++;
  if (value === undefined) return;
  if (Number(value.split('#')[1]) < floor) stale++;
  else hits++;
}

function write(key) {
  issued.set(key, ++last);
  return timed(Math.random() < 0.1 ? cache.delete(key) : cache.set(key, `${key}#${last}`));
}

const under = new Set();
const start = (promise) => {
  under.add(promise);
  promise.finally(() => under.delete(promise));
};
const began = performance.now();
const endsAt = began + SECONDS * 1_000;
const flap = async () => {
  for (let isOut = true; performance.now() < endsAt; isOut = !isOut) {
    if (isOut) {
      proxies[0].refuse();
      proxies[0].reset();
    } else await proxies[0].heal();
    await sleep(Math.min(FLAP_MS, Math.max(1, endsAt - performance.now())));
  }
};
const flapping = flap();
for (let i = 0; performance.now() < endsAt; i++) {
  start(write(keys[i % keys.length]));
  for (let n = 0; n < 10; n++) start(read(keys[(i * 7 + n * 13) % keys.length]));
  await sleep(5);
}
await flapping;
await Promise.all(under);
const tookMs = performance.now() - began;
// The k-th time in a row a node is kept out for twice as long as before.
const most = Math.ceil(Math.log2(tookMs / HOLD_MS + 1)) + 1;
const share = hits / reads;
console.log(
  `${Math.round(tookMs / 1_000)} s, ${ejectedAt.length} ejections (at most ${most}), ${changes} ring changes, ` +
    `${reads} reads, ${(share * 100).toFixed(1)} % hits, ${stale} stale, ${late} late, ${open} unsettled`,
);
await cache.destroy();
for (const proxy of proxies) await proxy.close();
for (const server of servers) await server.stop();
if (stale + late + open > 0 || ejectedAt.length > most || share < 0.5) process.exitCode = 1;
