/** What concerns a whole namespace: telling its keys, and removing them. Nothing outside it is ever read or deleted. */

import type { CacheParts } from '../cache-parts.js';
import { CacheError, OptionError } from '../errors.js';
import type { CacheNode } from '../node/cache-node.js';
import { KeyWrite } from '../replication/key-write.js';
import { promised } from '../replication/promised-attempt.js';
import type { Call } from './call-options.js';

/** Removals under way at once. */
const WAVE = 1_024;

export async function* namespaceKeys(parts: CacheParts): AsyncGenerator<string> {
  parts.assertOpen();
  const seen = new Set<string>();
  for (const node of parts.topology.nodes) {
    for await (const wires of enumerate(node, parts.keys.prefix)) {
      for (const wire of wires) {
        const key = parts.keys.fromWireKey(wire);
        if (key === undefined || seen.has(wire)) continue;
        seen.add(wire);
        yield key;
      }
    }
  }
}

export async function clearNamespace(parts: CacheParts, call: Call): Promise<void> {
  const { prefix } = parts.keys;
  if (prefix === '')
    throw new OptionError('namespace', 'is needed for clear: without one, the keys of others would be deleted');
  parts.read.generations.bumpAll();
  parts.near?.clear();
  parts.fallback?.clear();
  parts.negatives.clear();
  const failed: string[] = [];
  let cause: unknown;
  const began = parts.stamps.next();
  await Promise.all(
    parts.topology.nodes.map(async (node) => {
      try {
        for await (const wires of enumerate(node, prefix)) {
          if (call.signal?.aborted === true) return;
          await removeAll(parts, node, wires, call);
        }
      } catch (error) {
        // What could not be enumerated could not be deleted; at least it no longer counts here.
        parts.write.ledger.fence(node.slot, began);
        failed.push(node.name);
        cause = error;
      }
    }),
  );
  if (failed.length > 0)
    throw new CacheError('ERR_UNAVAILABLE', `could not clear ${failed.join(', ')}`, { node: failed[0], cause });
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

async function* enumerate(node: CacheNode, prefix: string): AsyncGenerator<string[]> {
  if (!node.isConnected)
    throw new CacheError('ERR_UNAVAILABLE', `node ${node.name} cannot be reached`, {
      node: node.name,
      cause: node.lastError,
    });
  yield* node.keys(prefix);
}
