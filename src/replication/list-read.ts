/**
 * Many keys read at once: `KeyRead`'s first step for a whole list, with one small object a key.
 *
 * Nearly every key is answered by its first owner. Whatever else happens to a key (its owner is out, fails, has nothing
 * while others may, or holds what does not count) goes on as a `KeyRead` of its own from where it stands, so that no rule
 * is told twice.
 */

import type { Topology } from '../cluster/topology.js';
import type { Kept } from '../codec/transcoder.js';
import type { CacheError } from '../errors.js';
import type { CacheNode } from '../node/cache-node.js';
import type { GetAttempt, GetSink } from '../node/get-attempt.js';
import type { ReadContext } from './contexts.js';
import { KeyRead } from './key-read.js';
import type { ReadCall } from './read-call.js';
import { DISTRUSTED, REJECTED } from './value-judge.js';

/** Where the outcomes go: each key begun ends in one of these. */
export interface ListSink {
  found(key: string, value: unknown): void;
  missed(): void;
  failed(key: string, error: CacheError): void;
}

export class ListRead {
  readonly sink: ListSink;
  private readonly context: ReadContext;
  private readonly topology: Topology;
  private readonly call: ReadCall;
  private readonly asksFirstOwner: boolean;

  constructor(context: ReadContext, topology: Topology, call: ReadCall, sink: ListSink) {
    this.context = context;
    this.topology = topology;
    this.call = call;
    this.sink = sink;
    this.asksFirstOwner = call.prefer === 'primary' && context.hedges === undefined;
  }

  /** `key` as the caller names it, `wire` as nodes do. */
  begin(key: string, wire: string): void {
    const { context, topology } = this;
    const { lane, totalMs } = this.call;
    const place = topology.placement.hash(wire);
    const hash = context.ledgerHash(wire, place);
    const generation = context.generations.snapshot(hash);
    const first = this.asksFirstOwner ? topology.primary(place, wire) : undefined;
    if (first?.isServing === true && context.ledger.isClean(first.slot))
      first.get(wire, hash, Math.min(first.attemptMs[lane], totalMs), lane, new ListedKey(this, key, generation));
    else this.alone(key, wire, undefined);
  }

  hit(key: ListedKey, attempt: GetAttempt, bytes: Buffer, start: number, end: number): void {
    const { context } = this;
    const { judge } = context;
    const { key: wire, hash } = attempt;
    const value = judge.judge(this.topology, attempt.node as CacheNode, wire, hash, bytes, start, end);
    if (value === DISTRUSTED) this.alone(key.name, wire, key.generation).distrusted(attempt);
    else if (value === REJECTED) this.missed(key, attempt);
    else {
      context.fill(wire, hash, key.generation, judge.kept as Kept, judge.expiresAt, attempt.startedAt);
      if (this.topology.isMasked)
        context.renew(this.topology, attempt.node as CacheNode, wire, hash, attempt.startedAt);
      this.sink.found(key.name, value);
    }
  }

  missed(key: ListedKey, attempt: GetAttempt): void {
    this.alone(key.name, attempt.key, key.generation).missed(attempt);
  }

  failed(key: ListedKey, attempt: GetAttempt, error: CacheError): void {
    this.alone(key.name, attempt.key, key.generation).failed(attempt, error);
  }

  /** `generation`: of the attempt it goes on from, if there was one. */
  private alone(key: string, wire: string, generation: number | undefined): KeyRead {
    const { sink } = this;
    const resolve = (value: unknown): void => {
      if (value === undefined) sink.missed();
      else sink.found(key, value);
    };
    const reject = (error: CacheError): void => sink.failed(key, error);
    return new KeyRead(this.context, this.topology, wire, this.call, true, resolve, reject, generation);
  }
}

class ListedKey implements GetSink {
  readonly name: string;
  readonly generation: number;
  private readonly list: ListRead;

  constructor(list: ListRead, name: string, generation: number) {
    this.list = list;
    this.name = name;
    this.generation = generation;
  }

  hit(attempt: GetAttempt, bytes: Buffer, start: number, end: number): void {
    this.list.hit(this, attempt, bytes, start, end);
  }

  missed(attempt: GetAttempt): void {
    this.list.missed(this, attempt);
  }

  failed(attempt: GetAttempt, error: CacheError): void {
    this.list.failed(this, attempt, error);
  }
}
