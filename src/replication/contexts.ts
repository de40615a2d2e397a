/** What reads and writes of one key need from the cache around them, so that neither knows the cache. */

import type { Calendar } from '../base/calendar.js';
import type { Clock } from '../base/clock.js';
import type { HybridClock } from '../base/hybrid-clock.js';
import type { StalenessRule } from '../base/staleness-rules.js';
import type { Ledger } from '../cluster/ledger/ledger.js';
import type { Topology } from '../cluster/topology.js';
import type { Encoded } from '../codec/encoded.js';
import type { Kept, Transcoder } from '../codec/transcoder.js';
import type { Verdict } from '../envelope.js';
import type { CacheError } from '../errors.js';
import type { Generations } from '../near/generations.js';
import type { CacheNode } from '../node/cache-node.js';
import type { Hedges } from './hedges.js';
import type { ValueJudge } from './value-judge.js';
import type { WritePolicy } from './write-policy.js';

/** Counted over the life of the cache. */
export interface Counters {
  /** Bytes under one of our keys that were no value of ours. */
  corrupt: number;
  /** Copies that could not be shown to be new enough. */
  distrusted: number;
  /** Reads that went beyond their first owner. */
  walks: number;
  /** Attempts beyond the first of a call. */
  retries: number;
  /** Writes that fewer owners confirmed than asked for. */
  unconfirmed: number;
  /** Values found at a former owner. */
  handoffHits: number;
  /** Values served from the fallback. */
  fallbackServed: number;
  /** Copies put back on an owner that missed one. */
  repairs: number;
  /** Reads that asked a second owner because the first was slow. */
  hedges: number;
}

export interface Retries {
  /** Whether one more attempt after `attempts` is allowed: fit to be repeated, and within the client's budget. */
  mayRetry(error: CacheError, attempts: number): boolean;
  /** Whether one more owner may be asked although the first has not failed: within the same budget. */
  mayHedge(): boolean;
  /** Runs `again` after the pause due after `attempts`, which fits into `leftMs`. */
  later(attempts: number, leftMs: number, again: () => void): void;
}

/** The budget of reads at former owners. */
export interface FormerReads {
  readonly budgetMs: number;
  readonly limit: number;
  underWay: number;
}

interface KeyContext {
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly calendar: Calendar;
  readonly stamps: HybridClock;
  readonly values: Transcoder;
  readonly generations: Generations;
  readonly counters: Counters;
  readonly retries: Retries;
  readonly attemptMs: number;
  /** Longest life of what a stand-in stores (rule R13); infinite if the rule is off. */
  readonly standInTtlMs: number;
  /** Rules that a test has switched off. */
  readonly disabledRules: ReadonlySet<StalenessRule>;
  /** Whether failure is answered by a miss or `false` (`onUnavailable: 'degrade'`) instead of an error. */
  readonly degrades: boolean;
  /** Whether the cache has ended: what fails now fails for that, and nothing degrades. */
  readonly isOver: () => boolean;
  /**
   * The ledger's hash of a key whose place on the ring is known; signed, since V8 keeps that in an object as it is and
   * makes a box of 16 bytes for what goes beyond.
   */
  ledgerHash(key: string, place: number): number;
}

export interface ReadContext extends KeyContext {
  readonly judge: ValueJudge;
  /** `undefined` where reads are not hedged. */
  readonly hedges: Hedges | undefined;
  /** Reads at former owners while a hand-off runs. */
  readonly formerReads: FormerReads;
  /**
   * Remembers a value that a node answered, for when no node can; nothing if the key was written since `generation`.
   * `expiresAt` is the envelope's, 0 if it has none; `askedAt` the monotonic time from which on it may have changed.
   */
  fill(key: string, hash: number, generation: number, kept: Kept, expiresAt: number, askedAt: number): void;
  /** A read of the key, begun under `generation`, ends in a miss; `undefined` where nobody wants to know. */
  readonly missed: ((key: string, hash: number, generation: number) => void) | undefined;
  /** Bytes under the key that are no live value of ours. */
  rejected(node: CacheNode, hash: number, verdict: Verdict): void;
  /** What was remembered, when the owners failed with `error`. */
  fallbackValue(key: string, error: CacheError): { readonly value: unknown; readonly ageMs: number } | undefined;
  /** A value was read at `node`, one of its owners in a masked topology: if that stands in, the entry may live on there. */
  renew(topology: Topology, node: CacheNode, key: string, hash: number, askedAt: number): void;
  /** Puts the copy that `from` holds on owners found to miss it, off the caller's path. */
  repair(key: string, hash: number, generation: number, from: CacheNode, missing: readonly CacheNode[]): void;
}

/** What begins to write: one that is decided at a node, or not. */
export type WriteKind = 'set' | 'delete' | 'condition';

export interface WriteContext extends KeyContext {
  readonly policy: WritePolicy;
  readonly largeValueBytes: number;
  /** A write of `key` begins: whatever this process remembers of it no longer counts. */
  forget(key: string, hash: number, by: WriteKind): void;
  /** Remembers a value that an owner has confirmed, for when no node can answer; nothing if the key was written since. */
  remember(key: string, hash: number, generation: number, value: Encoded): void;
  /** Tells that fewer owners than asked for confirmed a write. */
  unconfirmed(key: string, error: CacheError): void;
  /** Debts of `node` may have grown. */
  owed(node: CacheNode): void;
}
