/**
 * Carries one key from its former first owners to the new one, for what must not be done on a part of the truth: writes
 * that decide by what is stored, and the move of counters, of which there may be one copy only (rule R11).
 *
 * The claim at the new owner is held before the former ones are read, and the copy is only added (rule R9). What may come
 * in between, with A the former first owner and B the new one:
 * - a count here that began before the change: it is on its way to A, and the look at A comes behind it (rule R1). What it
 *   still sends to other owners would come behind the copy: until it has ended, nothing is carried;
 * - a count here after the change: it carries the key itself before it counts at B, and two that carry queue (`KeyQueue`);
 * - a count here that is overtaken by another change, to C: it looks again at who owns the key, and carries it from A and B
 *   to C before it decides there;
 * - a count of another process at B: it carries too. One of the two gets the claim and stores, the other waits and finds it;
 * - a set or delete by anybody at B: it ends the claim, and the copy is not added;
 * - a count of another process that has not heard of the change yet, at A: seen if it comes before the look. After it, it is
 *   lost with A's copy; migrations therefore begin only when the longest call from before the change has ended.
 */

import type { Distrust } from '../cluster/ledger/judge.js';
import type { Topology } from '../cluster/topology.js';
import { CacheError } from '../errors.js';
import type { CacheNode } from '../node/cache-node.js';
import type { Lane } from '../node/lane.js';
import type { ReadContext } from './contexts.js';
import type { Copying, CopyJob, Source } from './copying.js';

export interface CarryCall {
  readonly topology: Topology;
  readonly key: string;
  readonly lane: Lane;
  /** Monotonic time by which it must be over. */
  readonly deadline: number;
}

/**
 * - `unmoved`: there was nothing to look at
 * - `verified`: the first owner has an entry that counts, put or found there just now
 * - `present`: the first owner has an entry of its own
 * - `absent`: no former owner has an entry that counts
 * - `stays`: a former owner has an entry that cannot be brought
 */
export type Carried = 'unmoved' | 'verified' | 'present' | 'absent' | 'stays';

type Attempted = Carried | 'again' | { readonly silent: CacheNode } | { readonly bytes: number };

/** Until a claim of somebody else is looked at again. */
const AGAIN_MS = 10;
/** A node that is out of the ring and out of reach for so long is gone, and with it what it held. */
const GONE_MS = 1_000;

export class Carry {
  readonly #context: ReadContext;
  readonly #copying: Copying;
  readonly #owed: (node: CacheNode) => void;
  /** Epochs of conditional writes to several owners that are under way, by key. */
  readonly #underWay = new Map<string, number[]>();
  /** When nodes that are out of the ring were first found to be out of reach. */
  readonly #awaySince = new WeakMap<CacheNode, number>();

  /** @param owed hears of debts that a node has got */
  constructor(context: ReadContext, copying: Copying, owed: (node: CacheNode) => void) {
    this.#context = context;
    this.#copying = copying;
    this.#owed = owed;
  }

  /** A conditional write to several owners begins; the function returned tells that it has ended. */
  began(key: string, epoch: number): () => void {
    const epochs = this.#underWay.get(key) ?? [];
    this.#underWay.set(key, epochs);
    epochs.push(epoch);
    return () => {
      epochs.splice(epochs.indexOf(epoch), 1);
      if (epochs.length === 0 && this.#underWay.get(key) === epochs) this.#underWay.delete(key);
    };
  }

  /** Whether former first owners may hold the key. */
  mayHaveMoved(topology: Topology, key: string): boolean {
    return topology.formerPrimaries(key).length > 0;
  }

  /** Makes the first owner the one who knows. @throws CacheError `ERR_UNAVAILABLE` if that cannot be done in time */
  async bring({ topology, key, lane, deadline }: CarryCall): Promise<Carried> {
    const { clock } = this.#context;
    for (;;) {
      const attempted = await this.#attempt(topology, this.#job(topology, key, lane, deadline));
      if (typeof attempted === 'string') {
        if (attempted !== 'again') return attempted;
      } else if ('bytes' in attempted) return 'verified';
      else throw this.#unable(key, `node ${attempted.silent.name} does not answer`, attempted.silent);
      const leftMs = deadline - clock.now();
      if (leftMs <= 0) throw this.#unable(key, 'others are at it');
      await new Promise<void>((resolve) => clock.setTimer(resolve, Math.min(AGAIN_MS, leftMs), true));
    }
  }

  /**
   * Moves the counter that `from` holds to the first owner of its key. Answers its bytes; 0 if there is one already, or
   * none that counts; `undefined` if it must be tried again; `never` if it must stay where it is.
   */
  async move(topology: Topology, key: string, from: CacheNode): Promise<number | 'never' | undefined> {
    const job = this.#job(topology, key, 'background', Number.POSITIVE_INFINITY);
    const attempted = await this.#attempt(topology, job, from);
    if (attempted === 'again') return undefined;
    if (typeof attempted === 'string') return attempted === 'stays' ? 'never' : 0;
    return 'bytes' in attempted ? attempted.bytes : undefined;
  }

  #job(topology: Topology, key: string, lane: Lane, deadline: number): CopyJob {
    const { clock, generations, attemptMs, ledgerHash } = this.#context;
    const hash = ledgerHash(key, topology.placement.hash(key));
    return {
      key,
      hash,
      lane,
      generation: generations.snapshot(hash),
      get timeoutMs() {
        return Math.max(1, Math.min(attemptMs, deadline - clock.now()));
      },
    };
  }

  /** `mover`: a further node to look at, last of all, whose entry is of interest only if it is a counter. */
  async #attempt(topology: Topology, job: CopyJob, mover?: CacheNode): Promise<Attempted> {
    const { key } = job;
    const sources = topology.formerPrimaries(key).filter((node) => node !== mover);
    if (mover !== undefined) sources.push(mover);
    if (sources.length === 0) return 'unmoved';
    if (this.#underWay.get(key)?.some((epoch) => epoch < topology.epoch) === true) return 'again';
    // A lease is asked for only where there is something to copy: it keeps others waiting.
    const first = await this.#lookAll(topology, job, sources);
    const primary = topology.primary(topology.placement.hash(key), key);
    const distrust = this.#distrustOf(topology, primary, job);
    if (first === 'nothing' && distrust === 'no') return 'absent';
    // What a given up connection may yet write there would win over the copy.
    if (distrust === 'connection') return mover === undefined ? 'unmoved' : 'again';
    const claim = await this.#copying.claim(primary, job);
    if (claim === 'present' || claim === 'foreign') return 'present';
    if (claim === 'counts') return 'verified';
    if (claim === 'failed') return { silent: primary };
    if (claim === 'held') return 'again';
    if (claim === 'never') {
      const own = await this.#copying.look(job, primary);
      if (own === 'unanswered') return { silent: primary };
      if (own !== 'nothing') return own === 'overtaken' ? 'again' : 'present';
    }
    const isSilent = typeof first === 'object' && 'silent' in first;
    const found = claim === 'never' || isSilent ? first : await this.#lookAll(topology, job, sources);
    if (claim !== 'never') {
      if (typeof found === 'object' && 'source' in found && (mover === undefined || found.source.isCounter)) {
        const stored = await this.#copying.store(claim, job, found.source);
        if (stored === 'theirs' && mover !== undefined) return 'present';
        if (stored !== 'copied') return 'again';
        if (mover !== undefined) this.#attest(topology, job, primary, found.source.bytes);
        return { bytes: found.source.bytes.length };
      }
      this.#copying.keep(claim, job);
    }
    if (found === 'nothing') return 'absent';
    if (found === 'overtaken') return 'again';
    return typeof found === 'object' && 'silent' in found ? found : 'stays';
  }

  /** The first entry that counts; or who may hold one and does not tell. */
  async #lookAll(
    topology: Topology,
    job: CopyJob,
    nodes: readonly CacheNode[],
  ): Promise<{ readonly source: Source } | { readonly silent: CacheNode } | 'nothing' | 'fixed' | 'overtaken'> {
    for (const node of nodes) {
      const source = await this.#copying.look(job, node);
      if (typeof source === 'object') return { source };
      if (source === 'nothing') continue;
      if (source !== 'unanswered') return source;
      // What it missed of ours it may keep for itself.
      const distrust = this.#distrustOf(topology, node, job);
      const mayCount = distrust !== 'key' && distrust !== 'connection';
      if (mayCount && !this.#isGone(topology, node)) return { silent: node };
    }
    return 'nothing';
  }

  /** Taken out, removed or ejected, and shut down: waiting for it until the hand-off ends would help nobody. */
  #isGone({ nodes, mask }: Topology, node: CacheNode): boolean {
    const index = nodes.indexOf(node);
    const isOut = index < 0 || mask?.[index] === 1;
    if (!isOut || node.isConnected) {
      this.#awaySince.delete(node);
      return false;
    }
    const now = this.#context.clock.now();
    const since = this.#awaySince.get(node) ?? now;
    this.#awaySince.set(node, since);
    return now - since >= GONE_MS;
  }

  #distrustOf(topology: Topology, { slot }: CacheNode, { key, hash }: CopyJob): Distrust {
    const { ledger } = this.#context;
    return ledger.isQuiet ? 'no' : ledger.isDistrusted(slot, hash, key, topology.placement.hash(key));
  }

  #unable(key: string, why: string, node?: CacheNode): CacheError {
    if (this.#context.isOver()) return new CacheError('ERR_CLOSED', 'the cache was closed', { key });
    const message = `the key could not be carried over to its new owner: ${why}`;
    return new CacheError('ERR_UNAVAILABLE', message, { key, node: node?.name, cause: node?.lastError });
  }

  /**
   * Under a fence, or in arcs that came back, bare digits do not count but for a write of this process since: then the move
   * is made one, unless there is a newer.
   */
  #attest(topology: Topology, job: CopyJob, primary: CacheNode, bytes: Buffer): void {
    const { generations, ledger, stamps } = this.#context;
    const { key, hash, generation } = job;
    if (this.#copying.trusts(job, primary, bytes) !== false || !generations.isCurrent(hash, generation)) return;
    const stamp = stamps.next();
    const place = topology.placement.hash(key);
    const owners = topology.owners(place, key);
    ledger.issue(hash, key, stamp, owners);
    ledger.confirm(hash, key, stamp, primary.slot);
    for (const node of new Set([...owners, ...topology.bystanders(place, key, owners)])) {
      if (node === primary) continue;
      ledger.owe(hash, key, node.slot, stamp);
      this.#owed(node);
    }
  }
}
