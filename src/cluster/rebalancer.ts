/**
 * Rebalancer: the one place where ownership changes. Every change makes a new snapshot that remembers the one before it,
 * which is a hand-off: until it ends, reads that miss at the new owners may ask the former ones, and a migration may carry
 * over what nobody asked for. A change during a hand-off adds to it.
 *
 * The ledger hears of each change before any call can see it: whoever begins to own is not trusted with what it may have
 * missed, and whoever ceased to own is distrusted there until its leftovers are gone (rule R4, arc debts).
 */

import type { Clock, Timer } from '../base/clock.js';
import type { HybridClock } from '../base/hybrid-clock.js';
import type { CacheNode } from '../node/cache-node.js';
import type { NodeMask, Placement } from '../ring/placement.js';
import type { Ledger } from './ledger/ledger.js';
import { Migration, type MigrationProgress, type Transfer } from './migration.js';
import { arcsLost } from './ownership-arcs.js';
import { Topology } from './topology.js';

export interface RebalancerEvents {
  changed(topology: Topology, reason: string): void;
  /** `movedShare` is told where the placement changes. */
  handoffStarted(epoch: number, reason: string, movedShare: number | undefined): void;
  handoffProgress(epoch: number, progress: MigrationProgress): void;
  handoffFinished(epoch: number, reason: string, keys: number): void;
  /** The node has no part in any snapshot any more. */
  retired(node: CacheNode): void;
}

export interface RebalancerParts {
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly stamps: HybridClock;
  readonly prefix: string;
  /** Whether what nobody asks for is carried over too. */
  readonly migrates: boolean;
  readonly keysPerSecond: number;
  /** How long a hand-off that nobody can complete goes on. */
  readonly windowMs: number;
  readonly transfer: Transfer;
  readonly events: RebalancerEvents;
}

/** A change: what is left out stays. */
export interface OwnershipChange {
  readonly placement?: Placement;
  readonly nodes?: readonly CacheNode[];
  readonly mask?: NodeMask | undefined;
  readonly handedBack?: number | undefined;
  readonly warmingMask?: NodeMask | undefined;
}

/**
 * - `handoff`: the former owners stay within reach until everything has moved
 * - `step`: a further step of the hand-off that runs
 * - `cut`: the former owners are dead, or never held anything
 */
export type ChangeKind = 'handoff' | 'step' | 'cut';

/** How often waiting for the end looks. */
const LOOK_MS = 10;

/** Snapshots remembered at once: past it the oldest hand-off ends early. */
const MAX_CHAIN = 4;

export class Rebalancer {
  readonly #parts: RebalancerParts;
  #current: Topology;
  #migration: Migration | undefined;
  #window: Timer | undefined;
  #isStopped = false;

  constructor(parts: RebalancerParts, first: Topology) {
    this.#parts = parts;
    this.#current = first;
  }

  get current(): Topology {
    return this.#current;
  }

  get isHandingOff(): boolean {
    return this.#current.previous !== undefined;
  }

  /** Makes the change. */
  apply(change: OwnershipChange, reason: string, kind: ChangeKind): Topology {
    const { ledger, stamps, events } = this.#parts;
    const before = this.#current;
    const after = new Topology({
      epoch: before.epoch + 1,
      placement: change.placement ?? before.placement,
      nodes: change.nodes ?? before.nodes,
      replication: before.wantedReplication,
      mask: 'mask' in change ? change.mask : before.mask,
      handedBack: change.handedBack,
      warmingMask: change.warmingMask,
      previous: previousOf(before, kind),
    });
    const stamp = stamps.next();
    for (const node of after.nodes) {
      ledger.tookOver(node.slot, stamp);
      ledger.arcsBack(node.slot, stamp);
    }
    this.#current = after;
    for (let dropped = beyond(before, MAX_CHAIN); dropped !== undefined; dropped = dropped.previous)
      this.#leave(dropped, new Set());
    if (!this.isHandingOff) this.#retire(before);
    events.changed(after, reason);
    // A cut on top of a running hand-off does not end that one: it goes on from the new snapshot.
    if (this.isHandingOff) this.#beginHandoff(before, after, reason, kind);
    return after;
  }

  /** Resolves when no hand-off runs. */
  async settled(): Promise<void> {
    while (this.isHandingOff && !this.#isStopped)
      await new Promise<void>((resolve) => this.#parts.clock.setTimer(resolve, LOOK_MS, true));
  }

  /** Ends the running hand-off: what was not copied yet is read no more. */
  endHandoff(reason: string): void {
    if (this.isHandingOff) this.#finish(reason, new Set());
  }

  pause(): void {
    this.#migration?.pause();
  }

  resume(): void {
    this.#migration?.resume();
  }

  stop(): void {
    this.#window?.cancel();
    this.#migration?.cancel();
    this.#isStopped = true;
  }

  #beginHandoff(before: Topology, after: Topology, reason: string, kind: ChangeKind): void {
    const { events, clock, windowMs } = this.#parts;
    if (kind === 'handoff') {
      const isSamePlacement = before.placement === after.placement;
      const share = isSamePlacement ? undefined : before.placement.plan(after.placement, after.replication).movedShare;
      events.handoffStarted(after.epoch, reason, share);
    }
    this.#window?.cancel();
    this.#window = clock.setTimer(() => this.#finish(reason, new Set()), windowMs);
    void this.#migrate(after, reason);
  }

  async #migrate(topology: Topology, reason: string): Promise<void> {
    this.#migration?.cancel();
    const { clock, prefix, keysPerSecond, transfer, events, migrates } = this.#parts;
    if (!migrates || prefix === '') return;
    const migration = new Migration({
      clock,
      prefix,
      keysPerSecond,
      transfer,
      hasMoved: (from, wireKey) => !topology.owners(topology.placement.hash(wireKey), wireKey).includes(from),
      onProgress: (progress) => events.handoffProgress(topology.epoch, progress),
    });
    this.#migration = migration;
    const former = formerNodes(topology);
    const clean = await migration.run(former);
    // A further change has taken over, or the window closed.
    if (this.#current !== topology || this.#migration !== migration) return;
    if (former.every((node) => clean.has(node) || !node.isConnected)) this.#finish(reason, clean);
  }

  #finish(reason: string, clean: ReadonlySet<CacheNode>): void {
    const { events } = this.#parts;
    this.#window?.cancel();
    const keys = this.#migration?.keys ?? 0;
    this.#migration?.cancel();
    this.#migration = undefined;
    const ended = this.#current;
    this.#current = new Topology({ ...ended, replication: ended.wantedReplication, previous: undefined });
    for (let before = ended.previous; before !== undefined; before = before.previous) {
      this.#leave(before, clean);
      this.#retire(before);
    }
    events.handoffFinished(ended.epoch, reason, keys);
  }

  /** Nodes of `before` lost arcs for good: they owe them, unless nothing of ours is left there. */
  #leave(before: Topology, clean: ReadonlySet<CacheNode>): void {
    const now = this.#current;
    for (const [node, arcs] of arcsLost(before, now)) {
      if (!clean.has(node) && now.nodes.includes(node)) this.#parts.ledger.arcsLost(node.slot, before.epoch, arcs);
    }
  }

  #retire(before: Topology): void {
    for (const node of before.nodes) if (!this.#current.nodes.includes(node)) this.#parts.events.retired(node);
  }
}

function previousOf(before: Topology, kind: ChangeKind): Topology | undefined {
  if (kind === 'cut') return before.previous;
  if (kind === 'step' && before.previous !== undefined) return before.previous;
  return shortened(before, MAX_CHAIN);
}

/** The snapshot with at most so many before it. */
function shortened(topology: Topology, depth: number): Topology {
  if (topology.previous === undefined) return topology;
  return new Topology({
    ...topology,
    replication: topology.wantedReplication,
    previous: depth <= 1 ? undefined : shortened(topology.previous, depth - 1),
  });
}

/** What `shortened` leaves out. */
function beyond(topology: Topology, depth: number): Topology | undefined {
  let rest: Topology | undefined = topology;
  for (let i = 0; i < depth && rest !== undefined; i++) rest = rest.previous;
  return rest;
}

function formerNodes(topology: Topology): CacheNode[] {
  const former = new Set<CacheNode>();
  for (let before = topology.previous; before !== undefined; before = before.previous)
    for (const node of before.nodes) former.add(node);
  return [...former];
}
