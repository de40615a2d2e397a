/**
 * One cache node as the layers above see it: a name, a place in the ledger, and somewhere to put an operation.
 *
 * Owns the node's lanes, its breaker and the order of its keys. Knows nothing of rings, replicas or values.
 */

import type { Connection, Driver, Inspection, Lease, StoreMode, TtlMs, Words } from '../driver/driver.js';
import { type CacheError, NodeError } from '../errors.js';
import type { AttemptNode } from './attempt-state.js';
import {
  type AttemptOrigin,
  CountAttempt,
  DeleteAttempt,
  InspectAttempt,
  LeaseAttempt,
  type OrderedOperation,
  StoreAttempt,
  TouchAttempt,
} from './attempts.js';
import type { Breaker } from './breaker.js';
import { ConnectionDoubts } from './connection-doubts.js';
import { ensureGone, walkKeys } from './errands.js';
import { ExactGetAttempt, GetAttempt, type GetSink } from './get-attempt.js';
import { KeyOrder } from './key-order.js';
import { LANES, type Lane } from './lane.js';
import type { LatencyEstimate } from './latency.js';
import type { NodeLanes } from './node-lanes.js';
import type { NodeSettings } from './node-settings.js';
import { openLanes } from './open-lanes.js';
import type { Pipeline } from './pipeline.js';
import { PLAIN, RawAttempt } from './raw-attempt.js';

/** News of a node for whoever composes the cache. */
export interface NodeEvents {
  opened(node: CacheNode, connection: Connection, beganAt: number): void;
  /** A connection was lost (`wasOpen`), or could not be opened. */
  down(node: CacheNode, error: CacheError, wasOpen: boolean): void;
}

/** Beyond any call's time, and a small integer, as the fields that hold times are. */
const WHATEVER_IT_TAKES_MS = 1_000_000_000;

export class CacheNode implements AttemptNode {
  readonly name: string;
  readonly slot: number;
  /** Share of the keys relative to the other nodes. */
  weight: number;
  readonly zone: string | undefined;
  readonly driver: Driver;
  readonly breaker: Breaker;
  /** Answers much slower than its like: asked last. */
  isSlow = false;
  /** How long an attempt in a lane may take: without limit until a first connection is open there. */
  readonly attemptMs: Record<Lane, number>;
  /** Keeps expiries to the millisecond, so that nobody needs to look at the envelope's. */
  readonly keepsTime: boolean;
  /** How long its answers take; `undefined` where nobody wants to know. */
  readonly latency: LatencyEstimate | undefined;
  readonly patience: NodeSettings['patience'];
  /** A connection was opened, before anything is sent on it, or was lost or could not be opened. Must not throw. */
  onChange: (() => void) | undefined = undefined;
  /** The largest value it takes, as far as it has told. */
  maxValueBytes: number | undefined = undefined;
  /** Was in the ring before, left it, and was added again: it may hold what it held then. */
  hasBeenHere = false;
  failures = 0;
  hits = 0;
  misses = 0;
  readonly #order = new KeyOrder();
  readonly #keepsOrder: boolean;
  readonly #lanes: NodeLanes;
  readonly #doubts: ConnectionDoubts;

  constructor(settings: NodeSettings, events: NodeEvents) {
    this.name = settings.name;
    this.slot = settings.slot;
    this.weight = settings.weight;
    this.zone = settings.zone;
    this.driver = settings.driver;
    this.breaker = settings.breaker;
    this.latency = settings.latency;
    this.patience = settings.patience;
    this.#keepsOrder = settings.keepsOrder;
    const unlimited = WHATEVER_IT_TAKES_MS;
    this.attemptMs = { interactive: unlimited, bulk: unlimited, background: unlimited };
    this.keepsTime = settings.driver.capabilities.ttlResolutionMs <= 1;
    this.#lanes = openLanes(this, settings, {
      opened: (connection, beganAt, lane) => {
        this.attemptMs[lane] = settings.attemptMs;
        this.maxValueBytes = connection.maxValueBytes;
        events.opened(this, connection, beganAt);
      },
      down: (error, wasOpen) => {
        this.#doubts.lost(error);
        events.down(this, error, wasOpen);
      },
    });
    this.#doubts = new ConnectionDoubts(settings.name, settings.turn.clock, this.#lanes);
  }

  /** Worth asking now: not known to be unreachable, and its breaker lets calls through. */
  get isServing(): boolean {
    return !this.#lanes.isDown && (this.breaker.state === 'closed' || this.breaker.retryAfterMs === 0);
  }

  /** Has an open connection in the lane of small calls. */
  get isConnected(): boolean {
    return this.connection !== undefined;
  }

  get connection(): Connection | undefined {
    return this.#first?.link.connection;
  }

  get lastError(): CacheError | undefined {
    return this.#first?.link.lastError;
  }

  get inFlight(): number {
    return this.#lanes.sum((pipeline) => pipeline.inFlight);
  }

  get queued(): number {
    return this.#lanes.sum((pipeline) => pipeline.queued);
  }

  /** Operations ever asked of it, refused ones included. */
  get issued(): number {
    return this.#lanes.sum((pipeline) => pipeline.issued);
  }

  /** Opens the connections of the lane of small calls ahead of the first call. */
  open(): void {
    for (const pipeline of this.#lanes.in('interactive')) pipeline.link.open();
  }

  // Each takes the operation, which settles through its sink, possibly before this returns (full, down).

  get(key: string, hash: number, timeoutMs: number, lane: Lane, sink: GetSink, isExact = false): void {
    // A read must not overtake a write of its key: it follows one into its lane, and stays where small ones are on their way.
    let to = this.#order.isQuiet ? lane : (this.#order.laneOf(key) ?? lane);
    if (this.#keepsOrder && to !== 'interactive' && to === lane && this.#lanes.of('interactive', hash).hasWrites)
      to = 'interactive';
    const Kind = isExact ? ExactGetAttempt : GetAttempt;
    this.#lanes.of(to, hash).enqueue(new Kind(this, key, hash, timeoutMs, sink));
  }

  /** A string holds the bytes to store one a character. */
  store(
    origin: AttemptOrigin<boolean>,
    lane: Lane,
    mode: StoreMode,
    value: Buffer | string,
    ttlMs: TtlMs,
    token?: string,
  ): void {
    this.send(new StoreAttempt(this, origin, mode, value, ttlMs, token), lane);
  }

  delete(origin: AttemptOrigin<boolean>, lane: Lane): void {
    this.send(new DeleteAttempt(this, origin), lane);
  }

  lease(origin: AttemptOrigin<Lease>, lane: Lane, ttlMs: TtlMs): void {
    this.send(new LeaseAttempt(this, origin, ttlMs), lane);
  }

  touch(origin: AttemptOrigin<boolean>, lane: Lane, ttlMs: TtlMs): void {
    this.send(new TouchAttempt(this, origin, ttlMs), lane);
  }

  count(
    origin: AttemptOrigin<number | undefined>,
    lane: Lane,
    delta: number,
    initial: number | undefined,
    ttlMs: TtlMs,
  ): void {
    this.send(new CountAttempt(this, origin, delta, initial, ttlMs), lane);
  }

  inspect(origin: AttemptOrigin<Inspection | undefined>, lane: Lane, withValue: boolean): void {
    this.send(new InspectAttempt(this, origin, withValue), lane);
  }

  raw(origin: AttemptOrigin<unknown>, lane: Lane, words: Words, manner = PLAIN): void {
    this.send(new RawAttempt(this, origin, words, manner), lane);
  }

  /** Keys here that begin with `prefix`: see `Connection.keys`. */
  keys(prefix: string): AsyncGenerator<string[]> {
    return walkKeys(this.name, this.#first, prefix);
  }

  /** Whether the given up connection `id` executes nothing any more: see `Connection.ensureGone`. */
  ensureGone(id: string): Promise<boolean> {
    return ensureGone(this.name, this.#lanes, id);
  }

  failed(error: CacheError): void {
    this.failures++;
    // A driver knows where its server is, not what we call it; its errors concern this node and no other.
    if (error.node === undefined) Reflect.defineProperty(error, 'node', { value: this.name, enumerable: true });
    this.#doubts.failed(error);
  }

  /** The node answered a key of that hash with a value that is another's. */
  foreignReply(hash: number): void {
    this.#doubts.foreignReply(hash);
  }

  /**
   * Gives up connections to another life of the node's data than this one: somebody else has taken over its address, and
   * lanes that lead to two servers would each confirm what the other does not hold. `undefined` keeps none, and waits for none.
   */
  keepOnly(incarnation: string | undefined): void {
    const error = new NodeError('lost', `another server answers for node ${this.name}`, { node: this.name });
    this.#lanes.each(({ link }) => {
      const other = link.connection?.incarnation;
      if (incarnation === undefined || (other !== undefined && other.id !== incarnation)) link.renew(error);
    });
  }

  /** Whether nothing is queued and no reply is owed. */
  get isIdle(): boolean {
    return LANES.every((lane) => this.#lanes.in(lane).every((pipeline) => pipeline.isIdle));
  }

  close(error: CacheError): void {
    this.#lanes.close(error);
  }

  /** The connection that stands for all: an open one of the lane of small calls, if there is one. */
  get #first(): Pipeline | undefined {
    const all = this.#lanes.in('interactive');
    return all.find(({ link }) => link.connection !== undefined) ?? all[0];
  }

  isWriting(key: string): boolean {
    return this.#order.isWriting(key, this.#lanes.in('interactive'));
  }

  /** Takes an attempt as the others do, whoever has made it. */
  send(operation: OrderedOperation, wanted: Lane): void {
    const isPlain = (wanted === 'interactive' && this.#order.isQuiet) || !this.#keepsOrder;
    const lane = isPlain ? wanted : this.#order.place(operation, wanted, this.#lanes.in('interactive'));
    this.#lanes.of(lane, operation.hash).enqueue(operation);
  }
}
