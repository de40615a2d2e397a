/**
 * Four ways to spread keys over nodes that come and go, behind one small face: `read(key)`, `write(key, value)`, and the
 * events of a scenario. The first two are what people build by hand; they go over the same client, node by node, so that
 * only the policy differs.
 */

import { createCache } from 'ringfence';
import { xxh32 } from '../../dist/ring/hash.js';
import { Ring } from '../../dist/ring/ring.js';

const TIMEOUTS = { attemptMs: 100, totalMs: 250, connectMs: 200 };
/** A hand-made client takes a node out after so many failures in a row, and asks it again after so long. */
const FAILURES = 3;
const RETRY_MS = 1_000;

export const POLICIES = [
  { name: 'modulo', create: (nodes, codec) => byHand(nodes, codec, moduloOf) },
  { name: 'plain ring', create: (nodes, codec) => byHand(nodes, codec, ringOf) },
  {
    name: 'hand-off without migration, R = 1',
    create: (nodes, codec) => ringfence(nodes, codec, 1, { migrate: false }),
  },
  { name: 'ring with hand-off, R = 1', create: (nodes, codec) => ringfence(nodes, codec, 1) },
  { name: 'ring with hand-off, R = 2', create: (nodes, codec) => ringfence(nodes, codec, 2) },
];

function moduloOf(members) {
  const list = members.flatMap(({ name, weight }) => Array.from({ length: weight }, () => name));
  return (key) => list[xxh32(key) % list.length];
}

function ringOf(members) {
  const ring = Ring.build(members);
  return (key) => ring.members[ring.primaryOf(ring.hash(key))].name;
}

async function ringfence(nodes, codec, replication, handoff = {}) {
  const health = { intervalMs: 200, timeoutMs: 150, ejectionMs: 1_000, warmingMs: 100 };
  const cache = createCache({ nodes, codec, replication, namespace: 'bench', timeouts: TIMEOUTS, health, handoff });
  await cache.ready();
  return {
    read: (key) => cache.get(key),
    write: (key, value) => cache.set(key, value),
    writeMany: (entries) => cache.setMany(entries),
    add: (node) => cache.addNode(node),
    remove: (name) => cache.removeNode(name),
    reweight: (name, weight) => cache.reweight(name, weight),
    extraReads: () => cache.stats().calls.handoffHits,
    owner: (key) => cache.ring.owners(key)[0],
    close: () => cache.close({ timeoutMs: 500 }),
  };
}

/** One cache per node and a function that says which: what an application does with a list of nodes. */
async function byHand(nodes, codec, placementOf) {
  let members = nodes.map(({ name, weight = 1 }) => ({ name, weight }));
  const out = new Map();
  const caches = new Map();
  const open = (node) =>
    caches.set(node.name, {
      failures: 0,
      cache: createCache({
        nodes: [node],
        codec,
        namespace: 'bench',
        timeouts: TIMEOUTS,
        onUnavailable: 'throw',
        fallback: false,
        health: false,
        retry: false,
      }),
    });
  let place;
  const replace = () => {
    const now = performance.now();
    const live = members.filter(({ name }) => (out.get(name) ?? 0) <= now);
    place = placementOf(live.length > 0 ? live : members);
  };
  const retry = setInterval(() => {
    const now = performance.now();
    for (const [name, until] of out) if (until <= now) out.delete(name);
    replace();
  }, RETRY_MS);
  const on = async (key, act) => {
    const name = place(key);
    const entry = caches.get(name);
    try {
      const answer = await act(entry.cache);
      entry.failures = 0;
      return answer;
    } catch {
      if (++entry.failures >= FAILURES && !out.has(name)) {
        out.set(name, performance.now() + RETRY_MS);
        replace();
      }
      return undefined;
    }
  };
  for (const node of nodes) open(node);
  await Promise.all([...caches.values()].map(({ cache }) => cache.ready()));
  replace();
  return {
    read: (key) => on(key, (cache) => cache.get(key)),
    write: (key, value) => on(key, (cache) => cache.set(key, value)),
    async writeMany(entries) {
      await Promise.all(entries.map(([key, value]) => on(key, (cache) => cache.set(key, value))));
    },
    async add(node) {
      open(node);
      await caches.get(node.name).cache.ready();
      members = [...members, { name: node.name, weight: 1 }];
      replace();
    },
    async remove(name) {
      members = members.filter((member) => member.name !== name);
      replace();
    },
    async reweight(name, weight) {
      members = members.map((member) => (member.name === name ? { ...member, weight } : member));
      replace();
    },
    extraReads: () => 0,
    owner: (key) => place(key),
    async close() {
      clearInterval(retry);
      await Promise.all([...caches.values()].map(({ cache }) => cache.destroy()));
    },
  };
}
