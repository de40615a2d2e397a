/**
 * The nodes of one run in a process of their own, so that what faults cost is not on the measured event loop: three
 * servers, each behind a proxy that can refuse, delay and hold. Faults come as messages, and are answered once in force.
 */

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

process.on('message', async ({ fault, node, end }) => {
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
