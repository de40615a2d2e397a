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
import { arcsLeft } from './ownership-arcs.js';
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
  readonly migrates: () => boolean;
  /** Whether this key is a user's, and no mark of our own that belongs where it is. */
  readonly carries: (wireKey: string, from: CacheNode) => boolean;
  /** Whether former owners stay within reach though all was carried over or the time is up. */
  readonly keepsFormer: () => boolean;
  readonly keysPerSecond: number;
  /** How long a call may take: what began before a change has ended then. */
  readonly graceMs: number;
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
const MAX_CHAIN = 8;

export class Rebalancer {
  readonly #parts: RebalancerParts;
  #current: Topology;
  /** Nodes of any snapshot that can still be asked. */
  #known: ReadonlySet<CacheNode>;
  #migration: Migration | undefined;
  #window: Timer | undefined;
  #isCarrying = false;
  #isPaused = false;
  #isStopped = false;

  constructor(parts: RebalancerParts, first: Topology) {
    this.#parts = parts;
    this.#current = first;
    this.#known = new Set(first.everyNode());
  }

  get current(): Topology {
    return this.#current;
  }

  /** Nodes that are leaving, and are asked and emptied while a hand-off runs. */
  get leaving(): CacheNode[] {
    return [...this.#known].filter((node) => !this.#current.nodes.includes(node));
  }

  get isHandingOff(): boolean {
    return this.#current.previous !== undefined;
  }

  /** Makes the change. */
  apply(change: OwnershipChange, reason: string, kind: ChangeKind): Topology {
    const { ledger, stamps, events } = this.#parts;
    const before = this.#current;
    const isFurther = kind !== 'handoff' && before.previous !== undefined;
    const after = new Topology({
      epoch: before.epoch + 1,
      placement: change.placement ?? before.placement,
      nodes: change.nodes ?? before.nodes,
      replication: before.wantedReplication,
      mask: 'mask' in change ? change.mask : before.mask,
      handedBack: change.handedBack,
      warmingMask: change.warmingMask,
      previous: isFurther || kind === 'cut' ? before.previous : shortened(before, MAX_CHAIN, this.#parts.keepsFormer()),
    });
    const stamp = stamps.next();
    for (const node of after.nodes) {
      ledger.tookOver(node.slot, stamp);
      ledger.arcsBack(node.slot, stamp);
    }
    this.#current = after;
    // A chain that grows past its bound loses its oldest hand-off.
    if (!isFurther && kind !== 'cut') this.#leave(beyond(before, MAX_CHAIN), new Set());
    this.#retireGone();
    events.changed(after, reason);
    // A listener may have made a change of its own.
    if (this.#current === after) this.#continue(before, after, reason, kind);
    return after;
  }

  /** Resolves when the hand-off has ended, or only reads carry it on, since what is left cannot be enumerated. */
  async settled(): Promise<void> {
    while (this.isHandingOff && this.#isCarrying && !this.#isStopped)
      await new Promise<void>((resolve) => this.#parts.clock.setTimer(resolve, LOOK_MS, true));
  }

  /** Ends the running hand-off: what was not copied yet is read no more. */
  endHandoff(reason: string): void {
    if (this.isHandingOff) this.#finish(reason, new Set());
  }

  pause(): void {
    this.#isPaused = true;
    this.#migration?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#migration?.resume();
  }

  stop(): void {
    this.#window?.cancel();
    this.#migration?.cancel();
    this.#isStopped = true;
    for (const node of this.leaving) this.#parts.events.retired(node);
  }

  /** A cut on top of a running hand-off does not end that one: it goes on from the new snapshot. */
  #continue(before: Topology, after: Topology, reason: string, kind: ChangeKind): void {
    const { events, clock, windowMs } = this.#parts;
    this.#window?.cancel();
    this.#migration?.cancel();
    this.#isCarrying = false;
    if (!this.isHandingOff || this.#isStopped) return;
    if (kind === 'handoff' || before.previous === undefined) {
      const isSamePlacement = before.placement === after.placement;
      const share = isSamePlacement ? undefined : before.placement.plan(after.placement, after.replication).movedShare;
      events.handoffStarted(after.epoch, reason, share);
      if (this.#current !== after) return;
    }
    if (!this.#parts.keepsFormer()) this.#window = clock.setTimer(() => this.#finish(reason, new Set()), windowMs);
    void this.#migrate(after, reason);
  }

  async #migrate(topology: Topology, reason: string): Promise<void> {
    const { clock, prefix, keysPerSecond, graceMs, transfer, events, migrates, carries } = this.#parts;
    if (!migrates()) return;
    const migration = new Migration({
      clock,
      prefix,
      keysPerSecond,
      graceMs,
      transfer,
      // A former first owner may hold what no other one does, and own a copy still: a counter.
      hasMoved: (from, wireKey) =>
        carries(wireKey, from) &&
        (!topology.isOwner(from, wireKey) || topology.formerPrimaries(wireKey).includes(from)),
      onProgress: (progress) => events.handoffProgress(topology.epoch, progress),
    });
    if (this.#isPaused) migration.pause();
    this.#migration = migration;
    this.#isCarrying = true;
    const former = topology.previous?.everyNode() ?? [];
    const clean = await migration.run(former);
    // A further change has taken over, or the window closed.
    if (this.#current !== topology || this.#migration !== migration) return;
    this.#isCarrying = false;
    if (this.#parts.keepsFormer()) return;
    if (former.every((node) => clean.has(node) || !node.isConnected)) this.#finish(reason, clean);
  }

  #finish(reason: string, clean: ReadonlySet<CacheNode>): void {
    this.#window?.cancel();
    const keys = this.#migration?.keys ?? 0;
    this.#migration?.cancel();
    this.#migration = undefined;
    const ended = this.#current;
    this.#current = new Topology({ ...ended, replication: ended.wantedReplication, previous: undefined });
    this.#leave(ended.previous, clean);
    this.#retireGone();
    this.#parts.events.handoffFinished(ended.epoch, reason, keys);
  }

  /** Nodes of these snapshots lost arcs for good: they owe them, unless nothing of ours is left there. */
  #leave(snapshots: Topology | undefined, clean: ReadonlySet<CacheNode>): void {
    const now = this.#current;
    for (let before = snapshots; before !== undefined; before = before.previous)
      for (const [node, arcs] of arcsLeft(before, now)) {
        if (!clean.has(node) && now.nodes.includes(node)) this.#parts.ledger.arcsLost(node.slot, before.epoch, arcs);
      }
  }

  #retireGone(): void {
    const held = new Set(this.#current.everyNode());
    const gone = [...this.#known].filter((node) => !held.has(node));
    this.#known = held;
    for (const node of gone) this.#parts.events.retired(node);
  }
}

/** The snapshot with at most so many before it; the oldest one stays in any case where `keepsOldest`. */
function shortened(topology: Topology, depth: number, keepsOldest: boolean): Topology {
  const { previous } = topology;
  if (previous === undefined) return topology;
  const rest = depth > 1 ? shortened(previous, depth - 1, keepsOldest) : keepsOldest ? oldest(previous) : undefined;
  return new Topology({ ...topology, replication: topology.wantedReplication, previous: rest });
}

function oldest(topology: Topology): Topology {
  return topology.previous === undefined ? topology : oldest(topology.previous);
}

/** What `shortened` leaves out. */
function beyond(topology: Topology, depth: number): Topology | undefined {
  let rest: Topology | undefined = topology;
  for (let i = 0; i < depth && rest !== undefined; i++) rest = rest.previous;
  return rest;
}
