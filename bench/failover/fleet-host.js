/**
 * The nodes of one run in a process of their own, so that what faults cost is not on the measured event loop: three
 * servers, each behind a proxy that can refuse, delay and hold. Faults come as messages, and are answered once in force.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { FaultProxy, startMemcached, startRedis } from 'ringfence/testing';

const [, , kind, count] = process.argv;
const start = kind === 'memcached' ? startMemcached : startRedis;
const servers = await Promise.all(Array.from({ length: Number(count) }, () => start()));
const proxies = await Promise.all(servers.map(({ port }) => FaultProxy.start({ port })));

const FAULTS = {
  async kill(server, proxy) {
    await server.kill9();
    proxy.refuse();
    proxy.reset();
  },
  async 'bring back'(server, proxy) {
    await server.restart();
    await proxy.heal();
  },
  stop: (server) => server.pause(),
  resume: (server) => server.resume(),
  delay: (_, proxy) => proxy.apply({ kind: 'latency', ms: 500 }, 'toClient'),
  hold: (_, proxy) => proxy.apply({ kind: 'hold' }),
  heal: (_, proxy) => proxy.heal(),
};

const SLICE_MS = 100;

/** Bytes that the node that got most got, by tenth of a second. */
async function mostBytes(ms) {
  const slices = [];
  const sums = () => proxies.map((proxy) => proxy.connections.reduce((sum, { bytesToNode }) => sum + bytesToNode, 0));
  let before = sums();
  for (const end = performance.now() + ms; performance.now() < end; ) {
    await sleep(SLICE_MS);
    const now = sums();
    slices.push(Math.max(...now.map((sum, i) => Math.max(0, sum - before[i]))));
    before = now;
  }
  return slices;
}

process.on('message', async ({ fault, node, end, watchMs, bringsBack = false }) => {
  if (watchMs !== undefined) {
    const isBack = bringsBack
      ? Promise.all(servers.map((server, i) => FAULTS['bring back'](server, proxies[i])))
      : undefined;
    const slices = await mostBytes(watchMs);
    await isBack;
    process.send({ slices });
    return;
  }
  if (end) {
    await Promise.all(proxies.map((proxy) => proxy.close()));
    await Promise.all(servers.map((server) => server.stop()));
    process.exit(0);
  }
  await FAULTS[fault](servers[node], proxies[node]);
  process.send({ done: fault });
});
process.on('disconnect', () => process.exit(1));
process.send({ nodes: proxies.map(({ host, port }, i) => ({ host, port, name: `node-${i + 1}` })) });
