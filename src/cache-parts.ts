/** The parts that `createCache` puts together and the public methods work with. */

import type { HybridClock } from './base/hybrid-clock.js';
import type { BreakerView } from './calls/breaker-view.js';
import type { Call } from './calls/call-options.js';
import type { MigrationView } from './calls/migration-view.js';
import type { Topology } from './cluster/topology.js';
import type { Kept, Transcoder } from './codec/transcoder.js';
import type { EventBus } from './events.js';
import type { KeySpace } from './key.js';
import type { Fallback } from './near/fallback.js';
import type { NearCache } from './near/near-cache.js';
import type { SingleFlight } from './near/single-flight.js';
import type { NodeOptions } from './options/node-options.js';
import type { Carry } from './replication/carry.js';
import type { ReadContext, WriteContext } from './replication/contexts.js';
import type { KeyQueue } from './replication/key-queue.js';
import type { RingView } from './ring-view.js';
import type { CacheStats, CloseReport, NodeView } from './stats.js';

/** The hand-off under way. Without one, nothing happens. */
export interface Handoff {
  /** Carries nothing over until `resume`; reads still ask former owners. */
  pause(): void;
  resume(): void;
  /** Ends it: what has not been carried over is missed. */
  cancel(): void;
}

/** Changes of the ring at run time. */
export interface ClusterCalls {
  addNode(entry: string | NodeOptions): Promise<void>;
  removeNode(name: string, options?: RemoveOptions): Promise<void>;
  reweight(name: string, weight: number): Promise<void>;
  setNodes(list: readonly (string | NodeOptions)[]): Promise<void>;
  maintenance(name: string, on: boolean): Promise<void>;
  readonly handoff: Handoff;
  readonly migration: MigrationView | undefined;
  look(): Promise<void>;
  failover(to: string): Promise<void>;
}

export interface RemoveOptions {
  /** Hands the node's keys over before it goes. @default true */
  readonly drain?: boolean | undefined;
}

/**
 * What a cache is made of, as every call meets it. A class, because V8 keeps a literal that has a getter as a dictionary,
 * and each call looks at seven of these.
 */
export class CacheParts {
  readonly keys: KeySpace;
  readonly values: Transcoder;
  readonly stamps: HybridClock;
  readonly rebalancer: { readonly current: Topology };
  readonly read: ReadContext;
  readonly write: WriteContext;
  readonly carry: Carry;
  /** Calls that wait for their key to be carried over. */
  readonly waiting: KeyQueue;
  readonly near: NearCache<Kept> | undefined;
  readonly fallback: Fallback<Kept> | undefined;
  /** Keys that a loader had no value for. */
  readonly negatives: NearCache<true>;
  readonly flights: SingleFlight<unknown>;
  readonly events: EventBus;
  readonly defaults: Call;
  readonly defaultTtlMs: number;
  readonly random: () => number;
  readonly ring: RingView;
  readonly breakers: BreakerView;
  readonly cluster: ClusterCalls;
  readonly lifecycle: { ready(): Promise<void>; close(timeoutMs: number): Promise<CloseReport> };
  /** @throws CacheError `ERR_CLOSED` */
  readonly assertOpen: () => void;
  /** @throws RateLimitedError; `undefined` without a limit */
  readonly assertAllowed: (() => void) | undefined;
  readonly stats: () => CacheStats;
  readonly nodeViews: () => NodeView[];

  constructor(given: Omit<CacheParts, 'topology'>) {
    this.keys = given.keys;
    this.values = given.values;
    this.stamps = given.stamps;
    this.rebalancer = given.rebalancer;
    this.read = given.read;
    this.write = given.write;
    this.carry = given.carry;
    this.waiting = given.waiting;
    this.near = given.near;
    this.fallback = given.fallback;
    this.negatives = given.negatives;
    this.flights = given.flights;
    this.events = given.events;
    this.defaults = given.defaults;
    this.defaultTtlMs = given.defaultTtlMs;
    this.random = given.random;
    this.ring = given.ring;
    this.breakers = given.breakers;
    this.cluster = given.cluster;
    this.lifecycle = given.lifecycle;
    this.assertOpen = given.assertOpen;
    this.assertAllowed = given.assertAllowed;
    this.stats = given.stats;
    this.nodeViews = given.nodeViews;
  }

  /** The snapshot of this moment: take it once a call. */
  get topology(): Topology {
    return this.rebalancer.current;
  }
}

/** The parts of each cache, for the adapters: what they need beyond the public calls. */
export const partsOf = new WeakMap<object, CacheParts>();
