/**
 * Read repair: a copy found on one owner and missed on another is put back there, off the caller's path.
 *
 * It only ever adds, so it cannot replace anything; and nothing is added once the key was written here after the read
 * began (rule R2), nor behind such a write, since operations of one key on one node keep their order.
 */

import pLimit from 'p-limit';
import { secondHash } from '../base/string-hash.js';
import type { Topology } from '../cluster/topology.js';
import { type Inspection, NO_EXPIRY } from '../driver/driver.js';
import { clientIdAt, expiresAtAt, resealWithExpiry, stampAt } from '../envelope.js';
import type { CacheNode } from '../node/cache-node.js';
import type { ReadContext } from './contexts.js';
import { lifeLeft, toldLife } from './life.js';
import { promised } from './promised-attempt.js';

/** Repairs under way at once, and waiting: more are dropped, since the next read asks again. */
const CONCURRENCY = 8;
const MAX_WAITING = 1_000;

export class ReadRepair {
  readonly #context: ReadContext;
  readonly #topology: () => Topology;
  readonly #limit = pLimit(CONCURRENCY);
  readonly #pending = new Set<string>();

  constructor(context: ReadContext, topology: () => Topology) {
    this.#context = context;
    this.#topology = topology;
  }

  request(key: string, hash: number, generation: number, from: CacheNode, missing: readonly CacheNode[]): void {
    if (this.#pending.size >= MAX_WAITING || this.#pending.has(key)) return;
    this.#pending.add(key);
    void this.#limit(() => this.copy(key, hash, generation, from, missing)).finally(() => this.#pending.delete(key));
  }

  /**
   * Copies the entry that `from` holds to the nodes that miss it, with its remaining time to live; answers the bytes of the
   * entry, 0 if there is none worth copying, `undefined` if a node did not answer.
   */
  async copy(
    key: string,
    hash: number,
    generation: number,
    from: CacheNode,
    missing: readonly CacheNode[],
  ): Promise<number | undefined> {
    const { generations, attemptMs, ledger, counters, values, calendar } = this.#context;
    const target = { key, hash, timeoutMs: attemptMs };
    const found = await promised<Inspection | undefined>(target, (origin) => from.inspect(origin, 'background', true));
    if (found.failure !== undefined) return undefined;
    if (found.result === undefined) return 0;
    const { bytes, ttlMs } = found.result;
    const stamp = this.#stampOf(key, hash, from, bytes);
    if (stamp === undefined) return 0;
    const expiresAt = values.isEnveloped ? expiresAtAt(bytes, 0) : undefined;
    const lifeMs = lifeLeft(from, ttlMs, expiresAt, calendar.now()) ?? ttlMs;
    // A node that keeps time itself was touched without its envelope; where the copy goes, the envelope may decide.
    if (values.isEnveloped && from.keepsTime)
      resealWithExpiry(bytes, lifeMs === NO_EXPIRY ? 0 : calendar.now() + lifeMs);
    let isComplete = true;
    for (const node of missing) {
      if (!generations.isCurrent(hash, generation)) return 0;
      const told = toldLife(node, bytes, values.isEnveloped, lifeMs);
      const added = await promised<boolean>(target, (origin) => node.store(origin, 'background', 'add', bytes, told));
      if (added.failure !== undefined) isComplete = false;
      if (added.failure !== undefined || !added.result) continue;
      counters.repairs++;
      if (generations.isCurrent(hash, generation)) ledger.copied(hash, key, stamp, node.slot);
    }
    return isComplete ? bytes.length : undefined;
  }

  /** The stamp of a copy that may be copied (-1 if raw); `undefined` for a counter, of which two copies would count apart, and for what must not be trusted. */
  #stampOf(key: string, hash: number, from: CacheNode, bytes: Buffer): number | undefined {
    const { values, ledger, calendar } = this.#context;
    const verdict = values.check(bytes, 0, bytes.length, secondHash(key), from.keepsTime ? 0 : calendar.now());
    if (verdict !== 'ok') return undefined;
    const stamp = values.isEnveloped ? stampAt(bytes, 0) : -1;
    const client = values.isEnveloped ? clientIdAt(bytes, 0) : 0;
    const place = this.#topology().placement.hash(key);
    return ledger.isQuiet || ledger.trusts(from.slot, hash, key, stamp, client, place) ? stamp : undefined;
  }
}
