/** A ring of so many nodes under simulated keys: what it costs, how even it is, and what a change moves. */

import { Ring } from '../../dist/ring/ring.js';
import { bytesHeld } from './collected.js';
import { median } from './statistics.js';

const BUILDS = 3;
const HELD = 8;

const members = (count) => Array.from({ length: count }, (_, i) => ({ name: `cache-${i}.example:6379` }));

/** Hashes of `count` keys such as a service has; a ring is asked by hash, so the keys need not be kept. */
export function hashKeys(count) {
  const ring = Ring.build(members(1));
  const hashes = new Uint32Array(count);
  for (let i = 0; i < count; i++) hashes[i] = ring.hash(`user:${i}:profile`);
  return hashes;
}

/**
 * @param {number} nodes
 * @param {Uint32Array} hashes of the simulated keys
 */
export async function simulateRing(nodes, hashes) {
  const builds = Array.from({ length: BUILDS }, () => {
    const began = performance.now();
    Ring.build(members(nodes));
    return performance.now() - began;
  });
  const ring = Ring.build(members(nodes));
  const owners = ownersOf(ring, hashes);
  const loads = new Float64Array(nodes);
  for (const owner of owners.owner) loads[owner]++;
  const mean = hashes.length / nodes;
  const added = { name: 'cache-new.example:6379' };
  return {
    nodes,
    buildMs: median(builds),
    mib: await mibOf(nodes),
    lookupNs: owners.nanoseconds,
    busiest: Math.max(...loads) / mean,
    idlest: Math.min(...loads) / mean,
    ...movedBy(ring, ring.with({ add: [added] }), hashes, owners.owner, added.name),
    expectedToMove: 1 / (nodes + 1),
  };
}

/** Several rings are held at once, so that what else comes and goes in the process is small beside them. */
async function mibOf(nodes) {
  const before = await bytesHeld();
  const held = Array.from({ length: HELD }, () => Ring.build(members(nodes)));
  const after = await bytesHeld();
  return (after.all - before.all) / held.length / 2 ** 20;
}

function ownersOf(ring, hashes) {
  const owner = new Uint16Array(hashes.length);
  const began = process.cpuUsage();
  for (let i = 0; i < hashes.length; i++) owner[i] = ring.primaryOf(hashes[i]);
  const { user, system } = process.cpuUsage(began);
  return { owner, nanoseconds: ((user + system) * 1_000) / hashes.length };
}

/** Shares of the keys that moved to the new node, and between nodes that were there before (which must be none). */
function movedBy(before, after, hashes, owner, name) {
  const indexAfter = before.members.map((member) => after.members.findIndex((other) => other.name === member.name));
  const fresh = after.members.findIndex((member) => member.name === name);
  let moved = 0;
  let strayed = 0;
  for (let i = 0; i < hashes.length; i++) {
    const now = after.primaryOf(hashes[i]);
    if (now === fresh) moved++;
    else if (now !== indexAfter[owner[i]]) strayed++;
  }
  return { moved: moved / hashes.length, strayed: strayed / hashes.length };
}
