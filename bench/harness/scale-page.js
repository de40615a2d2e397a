/** The page on scale: what was simulated, what was measured, and what follows for a fleet. */

import { table } from './tables.js';

const FLEET = 1_000;
/** Connections of a process to a node: small calls and probes; a third as soon as a large value travels. */
const LANES_AT_FIRST = 2;
const LANES = 3;
const MEMCACHED_CONNECTIONS = 1_024;
const REDIS_CLIENTS = 10_000;
const COMMANDS_PER_PROBE = 2;
const MANY = 100;

const whole = (number) => Math.round(number).toLocaleString('en');
const percent = (share, digits = 2) => `${(share * 100).toFixed(digits)} %`;

export function scalePage({ keys, rings, processes, environment }) {
  return `# How far it carries

Written by \`node bench/scale.js\`. ${environment.join('. ')}.

## The ring

${whole(keys)} simulated keys; 1,024 points a node; one more node joins. Lookup is the time from a key's hash to its owner,
keys in no order, in processor time. "Strayed" are keys that moved between two nodes that were there before.

${ringTable(rings)}

Ideally 1 key in n + 1 moves. An even ring would have a busiest and an idlest node of 1.00. The relative spread of a node's share
is 1/√1024 = 3.1 %, and of more nodes the busiest is further out: plan for 1.15 times the mean at 1,000 nodes.

## One process

A cache over so many names for three Redis servers on the same machine. Idle is what it costs while nobody calls it: each
node is probed once a second. Calls are GETs of 100 bytes, 256 in flight.

${processes.length > 0 ? processTable(processes) : 'Not measured: redis-server is not installed.'}

What a batch saves shrinks as 256 calls spread over more nodes: a call alone in its batch costs a write and a read of
its own, as with any client.

## A fleet of ${whole(FLEET)} processes

${fleetTable(rings.map(({ nodes }) => nodes))}

Connections are counted with ${LANES_AT_FIRST} a node, and with ${LANES} in processes that have moved a value above \`largeValueBytes\` (64 KB).

## What breaks first, and what to set then

1. **Memcached refuses connections** from ${whole(Math.floor(MEMCACHED_CONNECTIONS / LANES_AT_FIRST))} processes on, or from ${whole(
    Math.floor(MEMCACHED_CONNECTIONS / LANES),
  )} that move large values: it takes ${whole(MEMCACHED_CONNECTIONS)}. Start it with \`-c\` at
   three times the number of processes and half as much again for restarts, and \`ulimit -n\` above that. It shows as nodes that are \`ejected\` in some
   processes and healthy in others.
2. **Redis refuses connections** from ${whole(Math.floor(REDIS_CLIENTS / LANES))} processes on: its \`maxclients\` is ${whole(REDIS_CLIENTS)}, and it lowers that by itself if
   \`ulimit -n\` is lower. Raise both.
3. **Batches shrink** in a process with more nodes than calls in flight; the table above says what a call costs then. Fewer,
   larger nodes are faster than many small ones: let a process have at most a tenth as many nodes as it has calls in flight, and raise the
   number of copies or the size of nodes before their number.
4. **getMany touches every node**: of ${MANY} keys over n nodes it asks ${[10, 100, 1_000]
    .map((nodes) => `${whole(nodesTouched(nodes))} of ${whole(nodes)}`)
    .join(', ')}, and waits for the slowest. Give keys that are read together
   a common \`{tag}\`.
5. **Probes**: each node is asked by every process once a second, ${whole(FLEET * COMMANDS_PER_PROBE)} commands a second for a fleet of ${whole(FLEET)}, a few per cent of what a
   node can do. With more processes, or nodes that are small, raise \`health.intervalMs\` in proportion: 5,000 for a fleet of 5,000. The time until a
   dead node is ejected by probes alone grows with it; the breaker, which sees real calls, does not wait for them.
6. **A restart of the whole fleet** opens all connections at once: the listen backlog of a node (Redis \`tcp-backlog\` 511, bounded by
   \`net.core.somaxconn\`) drops what is beyond it, and those processes try again after a jittered pause. Restart in waves, or raise both.
7. **File descriptors** of a process: ${LANES} × nodes. Node.js raises its soft limit to the hard one by itself; the hard one is what to look at above 1,000 nodes.

The ring itself is not among them: a thousand nodes are looked up in nanoseconds and rebuilt in a fraction of a second, off the path of any call.
`;
}

function ringTable(rings) {
  return table(
    ['nodes', 'build ms', 'memory MiB', 'lookup ns', 'busiest', 'idlest', 'moved by one more', 'ideal', 'strayed'],
    rings.map((ring) => [
      whole(ring.nodes),
      ring.buildMs.toFixed(1),
      ring.mib.toFixed(2),
      ring.lookupNs.toFixed(1),
      ring.busiest.toFixed(3),
      ring.idlest.toFixed(3),
      percent(ring.moved, 3),
      percent(ring.expectedToMove, 3),
      percent(ring.strayed, 3),
    ]),
  );
}

function processTable(processes) {
  return table(
    ['nodes', 'connections', 'ready ms', 'KiB a node', 'idle CPU', 'calls/s', 'CPU µs/call', 'calls a batch'],
    processes.map((one) => [
      whole(one.nodes),
      whole(one.connections),
      whole(one.readyMs),
      one.kibPerNode.toFixed(1),
      percent(one.idleCpu, 1),
      whole(one.perSecond),
      one.cpuMicrosPerCall.toFixed(2),
      one.callsPerBatch.toFixed(1),
    ]),
  );
}

function fleetTable(sizes) {
  return table(
    [
      'nodes',
      'connections of a process',
      'of a node',
      'of the fleet',
      'probe commands/s at a node',
      'sent by a process',
    ],
    sizes.map((nodes) => [
      whole(nodes),
      `${whole(LANES_AT_FIRST * nodes)} to ${whole(LANES * nodes)}`,
      `${whole(LANES_AT_FIRST * FLEET)} to ${whole(LANES * FLEET)}`,
      `${whole(LANES_AT_FIRST * FLEET * nodes)} to ${whole(LANES * FLEET * nodes)}`,
      whole(FLEET * COMMANDS_PER_PROBE),
      whole(nodes * COMMANDS_PER_PROBE),
    ]),
  );
}

/** Expected number of different nodes that `MANY` keys lie on. */
function nodesTouched(nodes) {
  return nodes * (1 - (1 - 1 / nodes) ** MANY);
}
