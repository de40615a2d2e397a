/** What concerns a whole namespace: telling its keys, and removing them. Nothing outside it is ever read or deleted. */

import type { CacheParts } from '../cache-parts.js';
import type { Topology } from '../cluster/topology.js';
import { CacheError, OptionError } from '../errors.js';
import type { CacheNode } from '../node/cache-node.js';
import { KeyWrite } from '../replication/key-write.js';
import { promised } from '../replication/promised-attempt.js';
import type { Call } from './call-options.js';
import { KeyDigests } from './key-digests.js';
import { pagesOf } from './pages.js';

/** Removals under way at once. */
const WAVE = 1_024;
/** Keys told once for sure of those that several nodes may hold: 64 MiB. */
const MAX_SHARED = 4_194_304;
/** Changes of the ring that `clear` waits out. */
const MAX_PASSES = 5;

/**
 * A key counts where it is read: at its owners, and at those of before the running hand-off. One that a single node may hold
 * is told when it is found there; of the others the digests are kept. While a hand-off runs all nodes are asked twice, since
 * a key may move from a node that has yet to be asked to one that has been.
 */
export async function* namespaceKeys(parts: CacheParts, begin: () => Call, within = ''): AsyncGenerator<string> {
  const call = begin();
  const { topology } = parts;
  const shared = new KeyDigests(MAX_SHARED);
  const passes = topology.previous === undefined ? 1 : 2;
  for (let pass = 1; pass <= passes; pass++) {
    for (const node of topology.everyNode()) {
      for await (const wires of pagesOf(parts, node, call, within)) {
        for (const wire of wires) {
          const key = parts.keys.fromWireKey(wire);
          const holders = key === undefined ? [] : holdersOf(topology, wire);
          if (key === undefined || !holders.includes(node)) continue;
          if (holders.length > 1 ? shared.add(wire) : pass === 1) yield key;
        }
      }
    }
  }
}

/** @param within only the keys that begin so; the other keys may be missed for a while where a node cannot be cleared */
export async function clearNamespace(parts: CacheParts, call: Call, within = ''): Promise<void> {
  if (parts.keys.prefix + within === '')
    throw new OptionError('namespace', 'is needed for clear: without one, the keys of others would be deleted');
  parts.read.generations.bumpAll();
  parts.near?.clear();
  parts.fallback?.clear();
  parts.negatives.clear();
  const { ledger } = parts.write;
  const failed = new Map<CacheNode, unknown>();
  const began = parts.stamps.next();
  // What moves while the nodes are asked, one of them before it came and the other after it had gone, stays where it came to.
  for (let pass = 1; pass <= MAX_PASSES && failed.size === 0; pass++) {
    const { topology } = parts;
    await Promise.all(
      topology.everyNode().map(async (node) => {
        const mark = ledger.enumerationMark(node.slot);
        try {
          for await (const wires of pagesOf(parts, node, call, within)) await removeAll(parts, node, wires, call);
          if (within === '') ledger.lift(node.slot, mark);
        } catch (error) {
          // What could not be enumerated could not be deleted; at least it no longer counts here.
          ledger.fence(node.slot, began);
          failed.set(node, error);
        }
      }),
    );
    if (parts.topology === topology && (pass > 1 || topology.previous === undefined)) break;
  }
  const [first] = failed;
  if (first === undefined) return;
  const names = [...failed.keys()].map(({ name }) => name).join(', ');
  throw new CacheError('ERR_UNAVAILABLE', `could not clear ${names}`, { node: first[0].name, cause: first[1] });
}

/** Whoever may hold a key that is read there. */
function holdersOf(topology: Topology, wire: string): CacheNode[] {
  const place = topology.placement.hash(wire);
  const owners = topology.owners(place, wire);
  return topology.previous === undefined ? owners : [...owners, ...topology.formerOwners(place, wire, owners)];
}

async function removeAll(parts: CacheParts, node: CacheNode, wires: readonly string[], call: Call): Promise<void> {
  const removal: Call = { ...call, lane: 'background', policy: 'all' };
  for (let from = 0; from < wires.length; from += WAVE) {
    await Promise.all(wires.slice(from, from + WAVE).map((wire) => remove(parts, node, wire, removal)));
  }
}

/** From its owners, and from the node it was found on, which need not be one. */
async function remove(parts: CacheParts, node: CacheNode, wire: string, removal: Call): Promise<void> {
  const { topology, write, stamps } = parts;
  const place = topology.placement.hash(wire);
  await new Promise<boolean>((resolve, reject) => {
    new KeyWrite(write, topology, wire, removal, true, stamps.next(), undefined, 0, resolve, reject);
  });
  if (topology.owners(place, wire).includes(node)) return;
  const target = { key: wire, hash: write.ledgerHash(wire, place), timeoutMs: write.attemptMs };
  const removed = await promised<boolean>(target, (origin) => node.delete(origin, 'background'));
  if (removed.failure !== undefined) throw removed.failure.error;
}
