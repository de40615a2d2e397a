/**
 * PlacementMigration: moves keys from the old placement to the new one, step by step, and back again. A step is a hand-off
 * like that of any change of the ring; its former owners stay within reach until the old place is dropped.
 *
 * Nobody's fallback to the old place ends while keys are cut over: a hand-off that goes up is a further step of the one that
 * began with all keys in the old place, and one that goes down remembers where the keys have been meanwhile.
 */

import type { Clock, Timer } from '../base/clock.js';
import type { MigrationPhase, MigrationView } from '../calls/migration-view.js';
import { MigratingPlacement } from '../cluster/migrating/migrating-placement.js';
import { Ramp } from '../cluster/migrating/ramp.js';
import type { ChangeKind, Rebalancer } from '../cluster/rebalancer.js';
import type { Topology } from '../cluster/topology.js';
import { OptionError } from '../errors.js';
import type { EventBus } from '../events.js';
import type { CacheNode } from '../node/cache-node.js';
import { type MigrationSettings, type RampWindow, resolveRamp } from '../options/migration.js';
import type { Counters } from '../replication/contexts.js';
import { HASH_SPACE } from '../ring/arcs.js';
import type { PlacedNodes } from './placer.js';

export interface PlacementMigrationParts {
  readonly clock: Clock;
  readonly settings: MigrationSettings;
  readonly rebalancer: () => Rebalancer;
  /** Places keys otherwise, over nodes that are all known. */
  readonly replace: (placed: PlacedNodes, reason: string, kind: ChangeKind) => void;
  /** The nodes of the cache, placed by the new rule alone. */
  readonly to: PlacedNodes;
  readonly counters: Counters;
  readonly events: EventBus;
}

/** Where it stands, less what follows from the ramp. */
type Stage = 'read-through' | 'shadow' | 'cutting' | 'promoting' | 'promoted' | 'rolled-back';

export class PlacementMigration implements MigrationView {
  readonly #parts: PlacementMigrationParts;
  #stage: Stage;
  #ramp: Ramp;
  #pausedAt: number | undefined;
  #timer: Timer | undefined;
  #promotion: Promise<void> | undefined;
  #isStopped = false;

  constructor(parts: PlacementMigrationParts) {
    const { clock, settings } = parts;
    this.#parts = parts;
    this.#stage = settings.mode === 'read-through' ? 'read-through' : settings.isShadow ? 'shadow' : 'cutting';
    this.#ramp = rampOf(settings.ramp, clock);
  }

  get phase(): MigrationPhase {
    if (this.#stage !== 'cutting') return this.#stage;
    if (this.#pausedAt !== undefined) return 'paused';
    return this.#ramp.nextIn(this.#parts.clock.wall()) === undefined ? 'steady' : 'ramping';
  }

  get percent(): number {
    const { placement } = this.#parts.rebalancer().current;
    if (placement instanceof MigratingPlacement) return (placement.boundary / HASH_SPACE) * 100;
    return this.#stage === 'promoted' ? 100 : 0;
  }

  get moved(): number {
    return this.#parts.counters.repairs;
  }

  get missesServedByOld(): number {
    return this.#parts.counters.handoffHits;
  }

  /** Whether the old place stays within reach, though all was carried over or the hand-off's time is up. */
  get keepsOld(): boolean {
    return this.#stage === 'cutting' || this.#stage === 'promoting';
  }

  /** Whether its placement is in use, so that the nodes cannot be changed. */
  get isUnderWay(): boolean {
    return this.#stage !== 'promoted';
  }

  /** Whether the node is there for the old place alone. */
  isOld(node: CacheNode): boolean {
    return this.isUnderWay && !this.#parts.to.nodes.includes(node);
  }

  /** Whether nodes tell all their keys, of no namespace. */
  get carriesAll(): boolean {
    return this.#parts.settings.carriesAll && this.isUnderWay;
  }

  /** Whether a node holds a key that none of the places under way puts there: left behind long ago, it must not be carried on. */
  isStray(key: string, from: CacheNode): boolean {
    if (!this.isUnderWay) return false;
    for (let at: Topology | undefined = this.#parts.rebalancer().current; at !== undefined; at = at.previous)
      if (at.isOwner(from, key)) return false;
    return true;
  }

  start(): void {
    if (this.#stage === 'cutting') this.#follow();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  begin(): void {
    const { clock, settings } = this.#parts;
    if (this.#stage !== 'read-through' && this.#stage !== 'shadow') return;
    this.#stage = 'cutting';
    this.#ramp = rampOf(settings.ramp, clock);
    this.#follow();
  }

  rampTo(ramp: number | RampWindow): void {
    this.#assertUnderWay();
    const { clock } = this.#parts;
    this.#ramp = rampOf(resolveRamp(ramp, 'ramp'), clock);
    this.#stage = 'cutting';
    this.#unpause();
    this.#follow();
  }

  pause(): void {
    const { clock, rebalancer } = this.#parts;
    if (this.#stage !== 'cutting' || this.#pausedAt !== undefined) return;
    this.#timer?.cancel();
    this.#pausedAt = clock.wall();
    rebalancer().pause();
    this.#parts.events.emit('migrationPaused', { percent: this.percent });
  }

  resume(): void {
    if (this.#pausedAt === undefined) return;
    this.#ramp = this.#ramp.later(this.#parts.clock.wall() - this.#pausedAt);
    this.#unpause();
    this.#parts.events.emit('migrationResumed', { percent: this.percent });
    this.#follow();
  }

  promote(): Promise<void> {
    this.#promotion ??= this.#promote().finally(() => {
      this.#promotion = undefined;
    });
    return this.#promotion;
  }

  rollBack(reason = 'asked for'): void {
    this.#assertUnderWay();
    if (this.#stage === 'rolled-back') return;
    this.#timer?.cancel();
    const { percent } = this;
    this.#stage = 'rolled-back';
    this.#unpause();
    this.#cut(0, `rolled back: ${reason}`);
    this.#parts.events.emit('migrationRolledBack', { percent, reason });
  }

  async #promote(): Promise<void> {
    const { rebalancer, replace, to, events } = this.#parts;
    if (this.#stage === 'promoted') return;
    if (this.#stage !== 'cutting')
      throw new OptionError('migration', `cannot be promoted in phase '${this.phase}': begin first`);
    this.#timer?.cancel();
    this.#unpause();
    this.#stage = 'promoting';
    this.#cut(100, 'migrated to 100 %');
    await rebalancer().settled();
    if (this.#isStopped) return;
    if ((this.#stage as Stage) !== 'promoting') throw new OptionError('migration', 'was rolled back meanwhile');
    this.#stage = 'promoted';
    rebalancer().endHandoff('promoted');
    replace(to, 'promoted', 'cut');
    events.emit('migrationPromoted', { moved: this.moved });
  }

  /** Does what the ramp asks for by now, and waits for its next step. */
  #follow(): void {
    this.#timer?.cancel();
    if (this.#isStopped || this.#stage !== 'cutting' || this.#pausedAt !== undefined) return;
    const { clock, events } = this.#parts;
    const before = this.percent;
    const percent = this.#ramp.percentAt(clock.wall());
    this.#cut(percent, `migrated to ${Number(percent.toFixed(2))} %`);
    if (percent !== before) events.emit('migrationRamped', { percent: this.percent, from: before });
    const nextIn = this.#ramp.nextIn(clock.wall());
    if (nextIn !== undefined) this.#timer = clock.setTimer(() => this.#follow(), nextIn);
  }

  #cut(percent: number, reason: string): void {
    const { rebalancer, replace } = this.#parts;
    const { placement, nodes, previous } = rebalancer().current;
    const boundary = Math.round((percent / 100) * HASH_SPACE);
    if (!(placement instanceof MigratingPlacement) || placement.boundary === boundary) return;
    const isRemembered = boundary > placement.boundary && hadBelow(previous, placement.boundary);
    const kind = isRemembered ? 'step' : 'handoff';
    replace({ placement: placement.cutAt(boundary), nodes }, reason, kind);
  }

  #unpause(): void {
    if (this.#pausedAt === undefined) return;
    this.#pausedAt = undefined;
    this.#parts.rebalancer().resume();
  }

  /** @throws OptionError */
  #assertUnderWay(): void {
    if (this.#stage === 'promoted' || this.#stage === 'promoting')
      throw new OptionError('migration', `is ${this.#stage} already`);
  }
}

/** Whether one of the snapshots had all keys from this boundary on in the old place. */
function hadBelow(snapshots: Topology | undefined, boundary: number): boolean {
  for (let at = snapshots; at !== undefined; at = at.previous)
    if (at.placement instanceof MigratingPlacement && at.placement.boundary <= boundary) return true;
  return false;
}

function rampOf(ramp: MigrationSettings['ramp'], clock: Clock): Ramp {
  return new Ramp(typeof ramp === 'number' ? ramp : { ...ramp, startAt: ramp.startAt ?? clock.wall() });
}
