/**
 * The steps of every copy: claim the destination, look at the source, store (rule R9).
 *
 * A copy only ever adds, or takes the place of a copy that does not count, so it cannot replace anything newer; the claim
 * is held before the source is read, so that a delete in between by anybody wins; and nothing is stored once the key was
 * written here after the copying began (rule R2), nor behind such a write, since operations of one key on one node keep
 * their order.
 */

import { secondHash } from '../base/string-hash.js';
import { isOursAlone } from '../cluster/migrating/migrating-placement.js';
import type { Topology } from '../cluster/topology.js';
import { NO_EXPIRY } from '../driver/driver.js';
import { clientIdAt, expiresAtAt, resealWithExpiry, stampAt, type Verdict } from '../envelope.js';
import { faultOf } from '../errors.js';
import type { CacheNode } from '../node/cache-node.js';
import type { Lane } from '../node/lane.js';
import { type Claim, Claims, type ClaimTerms, type NoClaim } from './claims.js';
import type { ReadContext } from './contexts.js';
import { lifeGiven, lifeLeft, toldLife } from './life.js';
import { type Failure, promised, type Target } from './promised-attempt.js';
import { isDoubted, isOutlived, sight } from './sight.js';
import { lifeOn, stoodIn } from './stand-in.js';

/** One key on its way. */
export interface CopyJob extends Target {
  /** The key's, as it was when the copying began. */
  readonly generation: number;
  readonly lane: Lane;
}

export interface Source {
  readonly bytes: Buffer;
  /** Left to live. */
  readonly lifeMs: number;
  /** -1 if raw. */
  readonly stamp: number;
  /** Bare digits among envelopes: two copies of them would count apart (rule R11). */
  readonly isCounter: boolean;
}

/**
 * - `nothing`: no entry, or none that counts
 * - `fixed`: an entry that cannot be copied: it is not ours to judge, or the node does not tell what it has left to live
 * - `unanswered`: the node did not tell
 * - `overtaken`: the key, or another one in its bucket of generations, was written meanwhile; another try tells
 */
export type NoSource = 'nothing' | 'fixed' | 'unanswered' | 'overtaken';

/**
 * - `copied`: the copy is there
 * - `theirs`: what stands there is of others, and stays
 * - `lost`: the claim was lost, or the node did not answer; only another try can tell what is there
 */
export type Stored = 'copied' | 'theirs' | 'lost';

export class Copying {
  readonly #context: ReadContext;
  readonly #topology: () => Topology;
  readonly #claims: Claims;

  constructor(context: ReadContext, topology: () => Topology) {
    this.#context = context;
    this.#topology = topology;
    this.#claims = new Claims(context.clock);
  }

  claim(node: CacheNode, job: CopyJob): Promise<Claim | NoClaim> {
    return this.#claims.claim(node, job, this.#terms(job));
  }

  /** The claim was not used: nothing was copied. */
  keep(claim: Claim, { key }: CopyJob): void {
    this.#claims.keep(claim, key);
  }

  async look(job: CopyJob, from: CacheNode): Promise<Source | NoSource> {
    const { generations, ledger, values, calendar } = this.#context;
    const { key, hash, generation, lane } = job;
    const wasDoubted = isDoubted(ledger, this.#topology(), from, hash, key);
    const found = await sight(from, job, lane);
    if (found.failure !== undefined) return 'unanswered';
    if (!generations.isCurrent(hash, generation)) return 'overtaken';
    if (found.result === undefined) return 'nothing';
    const { bytes, ttlMs } = found.result;
    const verdict = this.#verdictOn(key, from, bytes);
    if (verdict === 'foreign' || verdict === 'future-version') return 'fixed';
    if ((verdict !== 'ok' && verdict !== 'digits') || !this.trusts(job, from, bytes)) return 'nothing';
    const isStamped = verdict === 'ok' && values.isEnveloped;
    // What stood against the node was settled while the copy was on its way.
    if (wasDoubted && !isStamped && !isDoubted(ledger, this.#topology(), from, hash, key)) return 'overtaken';
    const expiresAt = isStamped ? expiresAtAt(bytes, 0) : undefined;
    const place = this.#topology().placement.hash(key);
    if (isOutlived(this.#context, from, { key, hash, place }, expiresAt ?? 0)) return 'nothing';
    const now = calendar.now();
    const isShortened = ttlMs !== undefined && isStamped && stoodIn(this.#context, this.#topology(), from, key);
    const lifeMs =
      isShortened && expiresAt !== undefined
        ? lifeGiven(from, ttlMs, expiresAt, now)
        : lifeLeft(from, ttlMs, expiresAt, now);
    if (lifeMs === undefined) return 'fixed';
    // A node that keeps time itself was touched without its envelope; where the copy goes, the envelope may decide.
    if (isStamped && from.keepsTime) resealWithExpiry(bytes, lifeMs === NO_EXPIRY ? 0 : now + lifeMs);
    return { bytes, lifeMs, stamp: isStamped ? stampAt(bytes, 0) : -1, isCounter: verdict === 'digits' };
  }

  /** Makes the copy. */
  async store({ node, mode, token, leftover }: Claim, job: CopyJob, source: Source): Promise<Stored> {
    const { bytes, stamp } = source;
    const { generations, ledger, counters, values } = this.#context;
    const { key, hash, generation, lane } = job;
    if (leftover !== undefined && this.#mayBeNewer(job, node, leftover, stamp)) {
      // Somebody else has made the very copy.
      const isTheSame = leftover.equals(bytes) && generations.isCurrent(hash, generation);
      if (isTheSame) ledger.copied(hash, key, stamp, node.slot);
      return isTheSame ? 'copied' : 'theirs';
    }
    const told = toldLife(node, bytes, values.isEnveloped, this.#lifeOn(node, key, source));
    const floor = ledger.paymentFor(node.slot, hash, key).floor;
    // A lease is over once anything was done to the key: such a store may come as late as it likes.
    const isBound = mode === 'leased';
    const stored = await promised<boolean>(
      job,
      (origin) => node.store(origin, lane, mode, bytes, told, token),
      (end) => {
        if (!isBound && end.failure !== undefined) this.#abandon(node, job, end.failure);
      },
    );
    if (stored.failure !== undefined) {
      if (!isBound) this.#abandon(node, job, stored.failure);
      return 'lost';
    }
    if (!stored.result) return mode === 'add' ? 'theirs' : 'lost';
    counters.repairs++;
    // Another key of the bucket may have been written; of this one the floor tells.
    const isUnwritten =
      generations.isCurrent(hash, generation) || ledger.paymentFor(node.slot, hash, key).floor === floor;
    if (isUnwritten) ledger.copied(hash, key, stamp, node.slot);
    return 'copied';
  }

  /** Whether the ledger trusts these bytes of `node`; `undefined` for what is no value of ours. */
  trusts({ key, hash }: Target, node: CacheNode, bytes: Buffer): boolean | undefined {
    const { values, ledger } = this.#context;
    const verdict = this.#verdictOn(key, node, bytes);
    if (verdict !== 'ok' && verdict !== 'digits') return undefined;
    if (ledger.isQuiet) return true;
    const isStamped = verdict === 'ok' && values.isEnveloped;
    const stamp = isStamped ? stampAt(bytes, 0) : -1;
    const client = isStamped ? clientIdAt(bytes, 0) : 0;
    return ledger.trusts(node.slot, hash, key, stamp, client, this.#topology().placement.hash(key));
  }

  /** The only copy of a counter would lose for good what it is not told: it keeps its life. */
  #lifeOn(node: CacheNode, key: string, { lifeMs, isCounter }: Source): number {
    const topology = this.#topology();
    return isCounter ? lifeMs : lifeOn(this.#context, topology, node, topology.placement.hash(key), key, lifeMs);
  }

  #terms(job: CopyJob): ClaimTerms {
    const { ledger, values, disabledRules } = this.#context;
    const { key, hash, lane } = job;
    const { placement } = this.#topology();
    const place = placement.hash(key);
    return {
      lane,
      takesPlaceholders: values.isEnveloped || isOursAlone(placement, place),
      isLeased: !disabledRules.has('R9'),
      isDoubtful: (node) => !ledger.isQuiet && ledger.isDistrusted(node.slot, hash, key, place) !== 'no',
      judge: (node, bytes) => this.#judge(job, node, bytes),
    };
  }

  /**
   * Bare digits on a node that was handed the key count, unless something is known against them: they may be what another
   * process has carried there and counted on.
   */
  #judge(job: CopyJob, node: CacheNode, bytes: Buffer): 'counts' | 'leftover' | 'foreign' {
    const { ledger, generations, values } = this.#context;
    const { key, hash, generation } = job;
    const isTrusted = this.trusts(job, node, bytes);
    if (isTrusted === undefined) return 'foreign';
    if (isTrusted) return 'counts';
    const isCounter = values.isEnveloped && this.#verdictOn(key, node, bytes) === 'digits';
    if (!isCounter || !this.#isOfOthers(job, node) || !generations.isCurrent(hash, generation)) return 'leftover';
    ledger.copied(hash, key, -1, node.slot);
    return 'counts';
  }

  /** Whether a leftover may be the newer of the two although it does not count here: what others wrote must stand. */
  #mayBeNewer(job: CopyJob, node: CacheNode, leftover: Buffer, stamp: number): boolean {
    const { ledger, values } = this.#context;
    const { key, hash } = job;
    if (!values.isEnveloped || this.#verdictOn(key, node, leftover) !== 'ok') return this.#isOfOthers(job, node);
    const newest = Math.max(stamp, ledger.paymentFor(node.slot, hash, key).floor);
    return newest >= 0 && stampAt(leftover, 0) > newest;
  }

  /**
   * Whether a node was handed the key in the running hand-off, and nothing is known against it but that the last write of
   * this process did not go there. What it holds is then no leftover of an earlier ownership, which the ledger knows as a
   * debt of arcs; others have put it there. Of a node that has been removed meanwhile, the ledger knows nothing any more.
   */
  #isOfOthers({ key, hash }: CopyJob, { slot, hasBeenHere }: CacheNode): boolean {
    if (hasBeenHere) return false;
    const { ledger } = this.#context;
    const { previous, placement } = this.#topology();
    if (previous === undefined || ledger.isDistrusted(slot, hash, key, placement.hash(key)) !== 'key') return false;
    return ledger.paymentFor(slot, hash, key).debt === 0 && !ledger.needsEnumeration(slot);
  }

  /** The connection died with the copy on it: a node that was stopped may store it yet, behind a delete (W8). */
  #abandon(node: CacheNode, { key, hash }: CopyJob, { error, sentOn }: Failure): void {
    if (sentOn === undefined || faultOf(error) !== 'link' || error.code === 'ERR_TIMEOUT') return;
    this.#context.ledger.abandon(node.slot, sentOn, [{ hash, key }]);
  }

  #verdictOn(key: string, node: CacheNode, bytes: Buffer): Verdict {
    const { values, calendar } = this.#context;
    return values.check(bytes, 0, bytes.length, secondHash(key), node.keepsTime ? 0 : calendar.now());
  }
}
