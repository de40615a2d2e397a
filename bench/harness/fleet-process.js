/**
 * One process of a fleet, measured: a cache over so many nodes, which are names for three real servers. What it holds, what
 * it costs while nobody calls it, and what a call costs as the nodes, and with them the batches, get more and smaller.
 */

import { execFile } from 'node:child_process';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createCache } from 'ringfence';
import { bytesHeld } from './collected.js';
import { createDataset } from './dataset.js';
import { Load } from './load.js';
import { operations } from './operations.js';

const IN_FLIGHT = 256;
const SLICE_MS = 400;
/** Longer than the interval of probes, so that their connections are open too. */
const IDLE_MS = 2_500;
const SETTLE_MS = 300;
const PATIENCE = { connectMs: 10_000, attemptMs: 5_000, totalMs: 5_000 };

const FILE = fileURLToPath(import.meta.url);

/**
 * @param {{ host: string, port: number }[]} servers
 * @param {number} nodes
 */
export async function measureProcess(servers, nodes) {
  const addresses = servers.map(({ host, port }) => ({ host, port }));
  const { stdout } = await promisify(execFile)(process.execPath, [FILE, String(nodes), JSON.stringify(addresses)]);
  return JSON.parse(stdout);
}

function openCache(servers, nodes) {
  return createCache({
    nodes: Array.from({ length: nodes }, (_, i) => {
      const { host, port } = servers[i % servers.length];
      return { url: `redis://${host}:${port}`, name: `cache-${i}` };
    }),
    codec: 'string',
    timeouts: PATIENCE,
  });
}

/** The work of the measured process. */
async function measure(servers, nodes) {
  // What is loaded and compiled once is not the nodes' share.
  const first = openCache(servers, servers.length);
  await first.ready();
  await first.destroy();
  await sleep(SETTLE_MS);
  const clientsBefore = await clientsOf(servers);
  const before = await bytesHeld();
  const began = performance.now();
  const cache = openCache(servers, nodes);
  await cache.ready();
  const readyMs = performance.now() - began;
  await sleep(IDLE_MS);
  const cpu = process.cpuUsage();
  const clock = performance.now();
  await sleep(IDLE_MS);
  const { user, system } = process.cpuUsage(cpu);
  const idleCpu = (user + system) / 1_000 / (performance.now() - clock);
  const held = await bytesHeld();
  const connections = (await clientsOf(servers)) - clientsBefore;
  const busy = await getsOf(cache);
  await cache.destroy();
  return {
    nodes,
    readyMs,
    connections,
    kibPerNode: (held.all - before.all) / nodes / 1_024,
    idleCpu,
    perSecond: busy.perSecond,
    cpuMicrosPerCall: busy.cpuMicrosPerCall,
    callsPerBatch: IN_FLIGHT / Math.min(IN_FLIGHT, nodes),
  };
}

async function getsOf(cache) {
  const data = createDataset({ letter: 'a', keys: 10_000, valueBytes: 100 });
  const client = {
    stored: true,
    get: (i) => cache.get(data.keys[i]),
    set: (i) => cache.set(data.keys[i], data.values[i]),
  };
  await operations.get.prepare(client, data);
  const load = new Load(operations.get.start(client, data), data.order);
  const result = await load.run({ inFlight: IN_FLIGHT, rampMs: SLICE_MS, sliceMs: SLICE_MS });
  if (result.wrong > 0) throw new Error(`${result.wrong} wrong answers: ${result.example}`);
  return result;
}

/** Connections open at all servers, our question's own included. */
async function clientsOf(servers) {
  const counts = await Promise.all(servers.map(({ host, port }) => connectedClients(host, port)));
  return counts.reduce((sum, count) => sum + count, 0);
}

function connectedClients(host, port) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host, () => socket.write('INFO clients\r\n'));
    let answer = '';
    socket.on('error', reject);
    socket.on('data', (text) => {
      answer += text;
      const found = /connected_clients:(\d+)\r/.exec(answer);
      if (found === null) return;
      socket.destroy();
      resolve(Number(found[1]));
    });
  });
}

if (process.argv[1] === FILE) {
  const [, , nodes, servers] = process.argv;
  console.log(JSON.stringify(await measure(JSON.parse(servers), Number(nodes))));
}
