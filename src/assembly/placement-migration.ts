/**
 * PlacementMigration: moves keys from the old placement to the new one, step by step, and back again, as its ramp, its user
 * and its bounds say. Until it is promoted the old place stays within reach: what is missed in the new one is asked for there.
 */

import type { Clock, Timer } from '../base/clock.js';
import type { MigrationPhase } from '../calls/migration-view.js';
import { Ramp } from '../cluster/migrating/ramp.js';
import type { ChangeKind, Rebalancer } from '../cluster/rebalancer.js';
import type { Topology } from '../cluster/topology.js';
import { OptionError } from '../errors.js';
import type { EventBus } from '../events.js';
import type { CacheNode } from '../node/cache-node.js';
import { type MigrationSettings, type RampWindow, resolveRamp } from '../options/migration.js';
import type { ReadContext } from '../replication/contexts.js';
import type { ReadRepair } from '../replication/read-repair.js';
import type { ReadWatch } from '../replication/read-watch.js';
import type { ShadowRead } from '../replication/shadow-read.js';
import { HASH_SPACE } from '../ring/arcs.js';
import { cutOver, percentOf } from './cut-over.js';
import { MigrationGuard } from './migration-guard.js';
import type { PlacedNodes } from './placer.js';
import { shadowReads } from './shadowing.js';

export interface PlacementMigrationParts {
  readonly clock: Clock;
  readonly settings: MigrationSettings;
  readonly rebalancer: () => Rebalancer;
  /** Places keys otherwise, over nodes that are all known. */
  readonly replace: (placed: PlacedNodes, reason: string, kind: ChangeKind) => void;
  /** The nodes of the cache, placed by the new rule alone. */
  readonly to: PlacedNodes;
  readonly read: ReadContext;
  readonly repair: ReadRepair;
  readonly watch: ReadWatch;
  readonly events: EventBus;
}

/** Where it stands, less what follows from the ramp. */
type Stage = 'read-through' | 'shadow' | 'cutting' | 'promoting' | 'promoted' | 'rolled-back';

export class PlacementMigration {
  readonly #parts: PlacementMigrationParts;
  /** `undefined` without bounds. */
  readonly guard: MigrationGuard | undefined;
  /** `undefined` where nothing is compared. */
  readonly shadow: ShadowRead | undefined;
  #stage: Stage;
  #ramp: Ramp;
  #pausedAt: number | undefined;
  #timer: Timer | undefined;
  #promotion: Promise<void> | undefined;
  #isStopped = false;

  constructor(parts: PlacementMigrationParts) {
    const { clock, settings, watch, read, to } = parts;
    const { bounds, isShadow, mode } = settings;
    const topology = (): Topology => parts.rebalancer().current;
    const left = (reason: string): void => {
      if (this.keepsOld) this.rollBack(reason);
    };
    this.#parts = parts;
    this.#stage = mode === 'read-through' ? 'read-through' : isShadow ? 'shadow' : 'cutting';
    this.#ramp = rampOf(settings.ramp ?? (isShadow ? 100 : 0), clock);
    this.guard =
      bounds && new MigrationGuard({ clock, bounds, watch, topology, isCutting: () => this.percent > 0, left });
    const isMeant = (hash: number): boolean => hash < (this.#ramp.percentAt(clock.wall()) / 100) * HASH_SPACE;
    this.shadow = isShadow ? shadowReads(watch, read, to, topology, isMeant) : undefined;
  }

  get phase(): MigrationPhase {
    if (this.#stage !== 'cutting') return this.#stage;
    if (this.#pausedAt !== undefined) return 'paused';
    return this.#ramp.nextIn(this.#parts.clock.wall()) === undefined ? 'steady' : 'ramping';
  }

  get percent(): number {
    return percentOf(this.#parts.rebalancer().current) ?? (this.#stage === 'promoted' ? 100 : 0);
  }

  /** Whether the old place stays within reach, though all was carried over or the hand-off's time is up. */
  get keepsOld(): boolean {
    return this.#stage === 'promoting' || (this.#stage === 'cutting' && this.percent > 0);
  }

  /** Whether both places are in use, so that the nodes cannot be changed. */
  get isUnderWay(): boolean {
    return this.#stage !== 'promoted';
  }

  /** Whether nodes tell all their keys, of no namespace. */
  get carriesAll(): boolean {
    return this.#parts.settings.carriesAll && ['cutting', 'promoting', 'rolled-back'].includes(this.#stage);
  }

  /** Whether the node is there for the old place alone. */
  isOld(node: CacheNode): boolean {
    return this.isUnderWay && !this.#parts.to.nodes.includes(node);
  }

  /** Whether what was left behind long ago is removed: with the old place it goes. */
  get removesStrays(): boolean {
    return this.#stage === 'promoting';
  }

  /** Whether a node holds a key that none of the places under way puts there: left behind long ago, it must not be carried on. */
  isStray(key: string, from: CacheNode): boolean {
    if (!this.isUnderWay) return false;
    for (let at: Topology | undefined = this.#parts.rebalancer().current; at !== undefined; at = at.previous)
      if (at.isOwner(from, key)) return false;
    return true;
  }

  start(): void {
    this.guard?.start();
    this.#follow();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.guard?.stop();
  }

  begin(): void {
    if (this.#stage === 'read-through' || this.#stage === 'shadow') this.rampTo(this.#parts.settings.ramp ?? 0);
  }

  rampTo(ramp: number | RampWindow): void {
    if (this.#stage === 'promoted' || this.#stage === 'promoting')
      throw new OptionError('migration', `is ${this.#stage} already`);
    this.#ramp = rampOf(resolveRamp(ramp, 'ramp'), this.#parts.clock);
    this.#stage = 'cutting';
    this.#parts.watch.listener = undefined;
    this.#unpause();
    this.#follow();
  }

  pause(): void {
    const { clock, rebalancer, events } = this.#parts;
    if (this.#stage !== 'cutting' || this.#pausedAt !== undefined) return;
    this.#timer?.cancel();
    this.#pausedAt = clock.wall();
    rebalancer().pause();
    events.emit('migrationPaused', { percent: this.percent });
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
    if (this.#stage === 'promoted') throw new OptionError('migration', 'is promoted already');
    if (this.#stage === 'rolled-back' || this.#isStopped) return;
    this.#timer?.cancel();
    const { percent } = this;
    this.#stage = 'rolled-back';
    this.#parts.watch.listener = undefined;
    this.#unpause();
    this.#cut(0, `rolled back: ${reason}`);
    this.#parts.events.emit('migrationRolledBack', { percent, reason });
  }

  async #promote(): Promise<void> {
    const { rebalancer, replace, repair, to, events } = this.#parts;
    if (this.#stage === 'promoted') return;
    if (this.#stage !== 'cutting') throw new OptionError('migration', `cannot be promoted in phase '${this.phase}'`);
    this.#timer?.cancel();
    this.#unpause();
    this.#stage = 'promoting';
    // Where all are cut over already, the nodes are gone through once more: others may have come late.
    const { placement, nodes } = rebalancer().current;
    if (!this.#cut(100, 'migrated to 100 %')) replace({ placement, nodes }, 'promoting', 'step');
    await rebalancer().settled();
    // What was read a moment ago may be on its way still; once the old place is dropped nobody would find it there.
    await repair.settled();
    if (this.#isStopped) return;
    if (this.#stage !== 'promoting') throw new OptionError('migration', 'was rolled back meanwhile');
    this.#stage = 'promoted';
    this.guard?.stop();
    rebalancer().endHandoff('promoted');
    replace(to, 'promoted', 'cut');
    events.emit('migrationPromoted', { moved: this.#parts.read.counters.repairs });
  }

  /** Does what the ramp asks for by now, and waits for its next step. */
  #follow(): void {
    this.#timer?.cancel();
    if (this.#isStopped || this.#stage !== 'cutting' || this.#pausedAt !== undefined) return;
    const { clock, events } = this.#parts;
    const from = this.percent;
    const asked = this.#ramp.percentAt(clock.wall());
    // A window only goes up, also where the calendar jumps back.
    const percent = this.#ramp.isWindow ? Math.max(from, asked) : asked;
    const isCut = this.#cut(percent, `migrated to ${Number(percent.toFixed(2))} %`);
    if (isCut) events.emit('migrationRamped', { percent, from });
    // A listener may have changed all that.
    const nextIn = this.#ramp.nextIn(clock.wall());
    this.#timer?.cancel();
    if (this.phase === 'ramping' && nextIn !== undefined) this.#timer = clock.setTimer(() => this.#follow(), nextIn);
  }

  #cut(percent: number, reason: string): boolean {
    const { rebalancer, replace } = this.#parts;
    if (this.#isStopped) return false;
    if (this.percent === 0) this.guard?.look();
    return cutOver(rebalancer().current, percent, (placed, kind) => replace(placed, reason, kind));
  }

  #unpause(): void {
    if (this.#pausedAt === undefined) return;
    this.#pausedAt = undefined;
    this.#parts.rebalancer().resume();
  }
}

function rampOf(ramp: NonNullable<MigrationSettings['ramp']>, clock: Clock): Ramp {
  return new Ramp(typeof ramp === 'number' ? ramp : { ...ramp, startAt: ramp.startAt ?? clock.wall() });
}
