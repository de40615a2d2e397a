/**
 * A group: one node of the ring, behind which one of several nodes is active.
 *
 * A standby takes over when the active node is ejected, that is, where the ring would otherwise walk past it; the ring does
 * not move. What the one that takes over holds may be older than what was confirmed: the ledger is told of a new
 * incarnation (rule R6), so floors decide. The primary takes over again when it has been well for a while, and after what
 * it missed was deleted there.
 *
 * Who replicates from whom is not arranged here: a Redis node that follows another is read-only, or is overwritten by
 * what it follows, and so takes over only if `promote` allows to make it a master first.
 */

import type { Clock } from '../base/clock.js';
import { CacheError, NodeError } from '../errors.js';
import { CatchUp } from './catch-up.js';
import { FailbackDelay } from './failback-delay.js';
import type { FailoverSettings } from './failover-settings.js';
import type { GroupDriver } from './group-driver.js';
import type { GroupMember, MemberView } from './group-member.js';
import { byPreference } from './preference.js';
import { lagBytes, type ReplicationInfo } from './replication-info.js';

export interface FailoverEvents {
  failedOver(from: string, to: string, reason: string): void;
  /** The primary is active again. */
  failedBack(from: string, to: string, reason: string): void;
}

export interface GroupParts {
  readonly name: string;
  readonly clock: Clock;
  readonly settings: FailoverSettings;
  /** The primary first. */
  readonly members: readonly GroupMember[];
  readonly driver: GroupDriver;
  /** Makes the ring's node let go of the connections it has, and judge the next ones afresh. */
  readonly moved: () => void;
  /** Resolves when the ring's node is connected again, or when that has failed. */
  readonly connected: () => Promise<void>;
  /** What the active node holds of these keys does not count until it was deleted. */
  readonly owe: (keys: readonly string[]) => void;
  readonly events: FailoverEvents;
}

/** How long deleting what the primary missed may hold up a fail-back for which nobody waits, and one that is urgent. */
const PATIENT_MS = 10_000;
const URGENT_MS = 250;

export interface GroupView {
  /** Name of the node that is asked. */
  readonly active: string;
  readonly members: readonly MemberView[];
  /** Keys to be deleted at the primary before it takes over again. */
  readonly missedKeys: number;
}

export class FailoverGroup {
  readonly name: string;
  readonly #parts: GroupParts;
  readonly #catchUp: CatchUp;
  readonly #delay: FailbackDelay;
  #switching: Promise<unknown> | undefined;
  /** What the active node was when last looked at. */
  #activeRole: ReplicationInfo['role'] | undefined;
  /** An operator chose the active node: it stays until it fails. */
  #isChosen = false;
  #isStarted = false;
  #isStopped = false;

  constructor(parts: GroupParts) {
    this.name = parts.name;
    this.#parts = parts;
    this.#delay = new FailbackDelay(parts.settings.failbackDelayMs);
    this.#catchUp = new CatchUp({ missed: parts.driver.missed, primary: parts.members[0] as GroupMember });
  }

  /** How many nodes it has. */
  get size(): number {
    return this.#parts.members.length;
  }

  start(): void {
    if (this.#isStarted || this.#isStopped) return;
    this.#isStarted = true;
    for (const { watch } of this.#parts.members) watch.start();
  }

  stop(): void {
    this.#isStopped = true;
    for (const member of this.#parts.members) member.stop();
  }

  has(member: string): boolean {
    return this.#parts.members.some(({ name }) => name === member);
  }

  view(): GroupView {
    const { members, driver } = this.#parts;
    return {
      active: this.#active.name,
      members: members.map((member) => member.view(member === this.#active, this.#lagOf(member))),
      missedKeys: driver.missed.count,
    };
  }

  /** The active node is to be ejected. Answers whether another has taken over. */
  async takeOver(reason: string): Promise<boolean> {
    if (this.#parts.settings.strategy !== 'automatic') return false;
    const failing = this.#active;
    return this.#alone(async () => {
      if (this.#active !== failing) return true;
      for (const member of this.#candidates())
        if ((await this.#makeActive(member, reason, URGENT_MS)) === undefined) {
          this.#isChosen = false;
          return true;
        }
      return false;
    });
  }

  /** Makes `to` the active node, by hand; resolves when calls reach it. @throws CacheError `ERR_UNAVAILABLE` if it cannot be */
  async failover(to: string): Promise<void> {
    const member = this.#parts.members.find(({ name }) => name === to);
    if (member === undefined) throw new TypeError(`${to} is no node of group ${this.name}`);
    await this.#alone(async () => {
      if (member === this.#active) {
        this.#isChosen = true;
        return;
      }
      await member.reach();
      const refusal = await this.#makeActive(member, 'by hand', PATIENT_MS);
      if (refusal !== undefined) throw new CacheError('ERR_UNAVAILABLE', `${to} cannot take over: ${refusal}`);
      this.#isChosen = true;
      await this.#parts.connected();
    });
  }

  /** A node was looked at: the primary may have been well for long enough, or the active one have changed sides. */
  looked(): void {
    this.#watchRole();
    const { settings, clock, members } = this.#parts;
    const primary = members[0] as GroupMember;
    const { failback, strategy } = settings;
    if (primary === this.#active || this.#isChosen || this.#switching !== undefined || this.#isStopped) return;
    if (strategy !== 'automatic' || failback !== 'automatic') return;
    const fitSince = primary.fitSince(settings.promote);
    if (fitSince === undefined || !this.#delay.isOver(fitSince, clock.now())) return;
    void this.#alone(() => this.#makeActive(primary, 'the primary is well again', PATIENT_MS)).catch(() => undefined);
  }

  get #active(): GroupMember {
    const { members, driver } = this.#parts;
    return members[driver.active] as GroupMember;
  }

  /** One change at a time; whoever comes meanwhile waits, and decides on what he then finds. */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    while (this.#switching !== undefined) await this.#switching.catch(() => undefined);
    const running = work();
    this.#switching = running;
    try {
      return await running;
    } finally {
      this.#switching = undefined;
    }
  }

  /**
   * A master that was made to follow another has the other's data from then on, and tells no new life of it. Whether it can
   * still be asked is for the probes to find out.
   */
  #watchRole(): void {
    const { role } = this.#active.watch.replication ?? {};
    if (this.#switching !== undefined || role === undefined || role === this.#activeRole) return;
    const isKnown = this.#activeRole !== undefined;
    this.#activeRole = role;
    if (isKnown) this.#lead(this.#parts.driver.active, `${this.#active.name} became a ${role}`);
  }

  /** From here on connections lead to that node, and to a new life of the group's data. */
  #lead(member: number, why: string): void {
    if (member !== this.#parts.driver.active) this.#activeRole = undefined;
    this.#parts.driver.switchTo(member, new NodeError('lost', why, { node: this.name }));
    this.#parts.moved();
  }

  #lagOf(member: GroupMember): number | undefined {
    return member === this.#active ? undefined : lagBytes(this.#active.watch.replication, member.watch.replication);
  }

  #candidates(): GroupMember[] {
    const { members, settings } = this.#parts;
    const fit = members.filter((member) => member !== this.#active && member.fitSince(settings.promote) !== undefined);
    const ranked = fit.map((member) => {
      const { role, priority } = member;
      return { member, role, priority, lagBytes: this.#lagOf(member) };
    });
    return byPreference(ranked, settings.maxLagBytes).map(({ member }) => member);
  }

  /** Whether what was left on its way to a node may still be carried out there: then it cannot lead yet. */
  async #obstacleAt(member: GroupMember, patienceMs: number): Promise<string | undefined> {
    const { driver, members, clock } = this.#parts;
    const abort = new AbortController();
    const timer = clock.setTimer(() => abort.abort(), patienceMs);
    try {
      await driver.rehearse(members.indexOf(member), abort.signal);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      timer.cancel();
    }
  }

  /** Answers why not, if not. */
  async #makeActive(member: GroupMember, reason: string, patienceMs: number): Promise<string | undefined> {
    const { members, settings, events, clock } = this.#parts;
    const from = this.#active;
    const isBack = member === members[0];
    const isFollower = member.isReplica && this.#lagOf(member) !== undefined;
    const refusal = await member.makeFit(settings.promote);
    if (refusal !== undefined) return refusal;
    if (isBack && isFollower) this.#catchUp.forgo();
    if (isBack && !(await this.#catchUp.run(clock.now() + patienceMs)) && patienceMs !== URGENT_MS)
      return 'it holds what was overwritten elsewhere, which could not be deleted';
    const obstacle = await this.#obstacleAt(member, patienceMs);
    if (obstacle !== undefined) return obstacle;
    if (this.#isStopped) return 'the cache was closed';
    if (isBack) this.#delay.returned(clock.now());
    else if (from === members[0]) this.#delay.left(clock.now());
    this.#lead(members.indexOf(member), `${member.name} takes over`);
    (isBack ? events.failedBack : events.failedOver)(from.name, member.name, reason);
    if (isBack) this.#oweMissed();
    return undefined;
  }

  /** The primary leads: what it still has to forget may be written anew at any time, and must then stay. */
  #oweMissed(): void {
    const { driver, clock, owe } = this.#parts;
    owe(driver.missed.take());
    if (driver.missed.forgotten > 0) void this.#catchUp.run(clock.now() + PATIENT_MS);
  }
}
