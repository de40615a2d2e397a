/**
 * A value set on its one owner: the way of nearly every set where keys have one copy, in one object that is its own attempt.
 *
 * Whatever else happens to it (the owner is out, refuses, or is late) it goes on as a `KeyWrite` from where it stands, so that
 * no rule is told twice. Next to a `KeyWrite` and its attempt it holds two fifths less while it is in flight.
 */

import type { Topology } from '../cluster/topology.js';
import type { Encoded } from '../codec/encoded.js';
import type { CacheError } from '../errors.js';
import { type AttemptOrigin, type AttemptSink, ValueAttempt } from '../node/attempts.js';
import type { CacheNode } from '../node/cache-node.js';
import type { WriteContext } from './contexts.js';
import { KeyWrite, type WriteCall } from './key-write.js';
import { toldLife } from './life.js';
import { oweWrite } from './owe-write.js';

/** Settles the caller; a rejected promise rejects it. */
export type Resolve = (done: boolean | Promise<boolean>) => void;

/** Issues the write at once, if it is one for one owner and nothing in particular; `false` if it is not, and nothing was done. */
export function setOnSoleOwner(
  context: WriteContext,
  topology: Topology,
  key: string,
  call: WriteCall,
  stamp: number,
  value: Encoded,
  ttlMs: number,
  resolve: Resolve,
): boolean {
  if (topology.replication > 1 || topology.isMasked || topology.previous !== undefined) return false;
  const place = topology.placement.hash(key);
  const node = topology.primary(place, key);
  const limit = node.maxValueBytes;
  if (value.length > context.largeValueBytes || (limit !== undefined && value.length > limit)) return false;
  const hash = context.ledgerHash(key, place);
  context.forget(key, hash, 'set');
  const { lane, totalMs } = call;
  const origin = { key, hash, timeoutMs: Math.min(node.attemptMs[lane], totalMs), sink: WHAT_FAILS };
  const write = new SoleWrite(node, origin, context, topology, call, stamp, value, ttlMs, resolve);
  context.ledger.issue(hash, key, stamp, [node]);
  node.send(write, lane);
  return true;
}

class SoleWrite extends ValueAttempt {
  private readonly context: WriteContext;
  private readonly topology: Topology;
  private readonly call: WriteCall;
  private readonly stamp: number;
  /** As the caller gave it; `ttlMs` is what the node is told. */
  private readonly lifeMs: number;
  private readonly resolve: Resolve;
  private readonly generation: number;

  constructor(
    node: CacheNode,
    origin: AttemptOrigin<boolean>,
    context: WriteContext,
    topology: Topology,
    call: WriteCall,
    stamp: number,
    value: Encoded,
    ttlMs: number,
    resolve: Resolve,
  ) {
    super(node, origin, value, toldLife(node, value, context.values.isEnveloped, ttlMs));
    this.context = context;
    this.topology = topology;
    this.call = call;
    this.stamp = stamp;
    this.lifeMs = ttlMs;
    this.resolve = resolve;
    this.generation = context.generations.snapshot(origin.hash);
  }

  get mode(): 'set' {
    return 'set';
  }

  get token(): undefined {
    return undefined;
  }

  override done(): void {
    this.offWire?.();
    const { context, key, hash } = this;
    context.ledger.confirm(hash, key, this.stamp, this.node.slot);
    if (this.isOver) return;
    this.isOver = true;
    context.remember(key, hash, this.generation, this.value);
    this.resolve(true);
  }

  goOn(error: CacheError): void {
    const { context, topology, key, call, stamp, value, lifeMs, resolve, generation } = this;
    const reject = (failure: CacheError): void => resolve(Promise.reject(failure));
    const write = new KeyWrite(context, topology, key, call, false, stamp, value, lifeMs, resolve, reject, generation);
    write.failed(this, error);
  }

  owe(error: CacheError): void {
    oweWrite(this.context, this, this.stamp, error);
  }
}

/** Answers are taken by `done`. */
const WHAT_FAILS: AttemptSink<boolean> = {
  answered() {},
  answeredLate() {},
  failed: (attempt, error) => (attempt as SoleWrite).goOn(error),
  failedLate: (attempt, error) => (attempt as SoleWrite).owe(error),
};
