/**
 * Read repair: a copy found on one owner and missed on another is put back there, off the caller's path.
 *
 * It only ever adds, or takes the place of a copy that does not count, so it cannot replace anything newer; it holds a claim
 * at each destination before it reads the source (rule R9), so that a delete in between by anybody wins; and nothing is
 * added once the key was written here after the read began (rule R2), nor behind such a write, since operations of one key
 * on one node keep their order.
 */

import pLimit from 'p-limit';
import { secondHash } from '../base/string-hash.js';
import type { Topology } from '../cluster/topology.js';
import { type Inspection, NO_EXPIRY } from '../driver/driver.js';
import { clientIdAt, expiresAtAt, resealWithExpiry, stampAt, type Verdict } from '../envelope.js';
import type { CacheNode } from '../node/cache-node.js';
import { type Claim, Claims, type ClaimTerms } from './claims.js';
import type { ReadContext } from './contexts.js';
import { lifeLeft, toldLife } from './life.js';
import { promised, type Target } from './promised-attempt.js';

/** Repairs under way at once, and waiting: more are dropped, since the next read asks again. */
const CONCURRENCY = 8;
const MAX_WAITING = 1_000;

interface Source {
  readonly bytes: Buffer;
  /** Left to live. */
  readonly lifeMs: number;
  /** -1 if raw. */
  readonly stamp: number;
}

export class ReadRepair {
  readonly #context: ReadContext;
  readonly #topology: () => Topology;
  readonly #limit = pLimit(CONCURRENCY);
  readonly #pending = new Set<string>();
  readonly #claims: Claims;

  constructor(context: ReadContext, topology: () => Topology) {
    this.#context = context;
    this.#topology = topology;
    this.#claims = new Claims(context.clock);
  }

  request(key: string, hash: number, generation: number, from: CacheNode, missing: readonly CacheNode[]): void {
    if (this.#pending.size >= MAX_WAITING || this.#pending.has(key)) return;
    this.#pending.add(key);
    void this.#limit(() => this.copy(key, hash, generation, from, missing)).finally(() => this.#pending.delete(key));
  }

  /**
   * Copies the entry that `from` holds to the nodes that miss it, with its remaining time to live. Answers the bytes of the
   * entry; 0 if none is missed, or there is none worth copying; `undefined` if it must be tried again; `never` if one of the
   * nodes takes no copies.
   */
  async copy(
    key: string,
    hash: number,
    generation: number,
    from: CacheNode,
    missing: readonly CacheNode[],
  ): Promise<number | 'never' | undefined> {
    if (!from.isServing) return undefined;
    const { attemptMs } = this.#context;
    const target = { key, hash, timeoutMs: attemptMs };
    const terms = this.#terms(key, hash);
    const answers = await Promise.all(missing.map((node) => this.#claims.claim(node, target, terms)));
    const claims = answers.filter((answer): answer is Claim => typeof answer !== 'string');
    const otherwise = answers.includes('later') ? undefined : answers.includes('never') ? 'never' : 0;
    if (claims.length === 0) return otherwise;
    const source = await this.#look(target, generation, from);
    if (typeof source !== 'object') {
      for (const each of claims) this.#claims.keep(each, key);
      return source;
    }
    const isSettled = await Promise.all(claims.map((each) => this.#store(each, target, generation, source)));
    if (isSettled.includes(false)) return undefined;
    return otherwise === 0 ? source.bytes.length : otherwise;
  }

  /** What `from` holds; 0 if it is not worth copying, `undefined` if the node did not answer. */
  async #look(target: Target, generation: number, from: CacheNode): Promise<Source | 0 | undefined> {
    const { generations, values, calendar } = this.#context;
    const { key, hash } = target;
    const found = await promised<Inspection | undefined>(target, (origin) => from.inspect(origin, 'background', true));
    if (found.failure !== undefined) return undefined;
    if (found.result === undefined) return 0;
    const { bytes, ttlMs } = found.result;
    const stamp = this.#stampOf(key, hash, from, bytes);
    if (stamp === undefined || !generations.isCurrent(hash, generation)) return 0;
    const expiresAt = values.isEnveloped ? expiresAtAt(bytes, 0) : undefined;
    const lifeMs = lifeLeft(from, ttlMs, expiresAt, calendar.now()) ?? ttlMs;
    // A node that keeps time itself was touched without its envelope; where the copy goes, the envelope may decide.
    if (values.isEnveloped && from.keepsTime)
      resealWithExpiry(bytes, lifeMs === NO_EXPIRY ? 0 : calendar.now() + lifeMs);
    return { bytes, lifeMs, stamp };
  }

  /** Whether that is settled; if a claim was lost, to somebody else or to time, only another try can tell what it is now. */
  async #store(
    { node, mode, token }: Claim,
    target: Target,
    generation: number,
    { bytes, lifeMs, stamp }: Source,
  ): Promise<boolean> {
    const { generations, ledger, counters, values } = this.#context;
    const { key, hash } = target;
    const told = toldLife(node, bytes, values.isEnveloped, lifeMs);
    const stored = await promised<boolean>(target, (origin) =>
      node.store(origin, 'background', mode, bytes, told, token),
    );
    if (stored.failure !== undefined) return false;
    if (!stored.result) return mode === 'add';
    counters.repairs++;
    if (generations.isCurrent(hash, generation)) ledger.copied(hash, key, stamp, node.slot);
    return true;
  }

  #terms(key: string, hash: number): ClaimTerms {
    const { ledger, values, disabledRules } = this.#context;
    const place = this.#topology().placement.hash(key);
    return {
      isEnveloped: values.isEnveloped,
      isLeased: !disabledRules.has('R9'),
      isDoubtful: (node) => !ledger.isQuiet && ledger.isDistrusted(node.slot, hash, key, place) !== 'no',
      isLeftover: (node, bytes) => this.#trusts(key, hash, node, bytes) === false,
    };
  }

  /** The stamp of a copy that may be copied (-1 if raw); `undefined` for a counter, of which two copies would count apart, and for what must not be trusted. */
  #stampOf(key: string, hash: number, from: CacheNode, bytes: Buffer): number | undefined {
    const { values } = this.#context;
    if (this.#verdictOn(key, from, bytes) !== 'ok' || this.#trusts(key, hash, from, bytes) !== true) return undefined;
    return values.isEnveloped ? stampAt(bytes, 0) : -1;
  }

  /** Whether the ledger trusts these bytes of `node`; `undefined` for what is no value of ours. */
  #trusts(key: string, hash: number, node: CacheNode, bytes: Buffer): boolean | undefined {
    const { values, ledger } = this.#context;
    const verdict = this.#verdictOn(key, node, bytes);
    if (verdict !== 'ok' && verdict !== 'digits') return undefined;
    if (ledger.isQuiet) return true;
    const isStamped = verdict === 'ok' && values.isEnveloped;
    const stamp = isStamped ? stampAt(bytes, 0) : -1;
    const client = isStamped ? clientIdAt(bytes, 0) : 0;
    return ledger.trusts(node.slot, hash, key, stamp, client, this.#topology().placement.hash(key));
  }

  #verdictOn(key: string, node: CacheNode, bytes: Buffer): Verdict {
    const { values, calendar } = this.#context;
    return values.check(bytes, 0, bytes.length, secondHash(key), node.keepsTime ? 0 : calendar.now());
  }
}
