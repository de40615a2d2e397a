/** One node of a group: its place there, what is seen of it, and what can be done to it behind the scenes. */

import type { Clock } from '../base/clock.js';
import type { MemberRole } from './failover-settings.js';
import type { MemberWatch } from './member-watch.js';

export interface MemberView {
  readonly name: string;
  readonly role: MemberRole;
  readonly priority: number;
  readonly isActive: boolean;
  readonly state: 'unknown' | 'healthy' | 'ejected';
  /** As Redis tells it; `undefined` elsewhere. */
  readonly replicates: 'master' | 'replica' | undefined;
  /** How far it is behind the active node; `undefined` if it does not follow it. */
  readonly lagBytes: number | undefined;
}

export interface MemberParts {
  readonly name: string;
  readonly role: MemberRole;
  readonly priority: number;
  readonly clock: Clock;
  readonly watch: MemberWatch;
  /** Connects if that was put off; resolves when connected or when that has failed. */
  readonly connect: () => Promise<void>;
  /** Makes a Redis replica a master. */
  readonly promote: () => Promise<void>;
  /** Deletes a key; `false` if that was not confirmed. */
  readonly remove: (key: string) => Promise<boolean>;
  /** The keys of the namespace; none without one. */
  readonly keys: () => AsyncIterable<readonly string[]>;
  readonly close: () => void;
}

/** After a promotion, before it is given up. */
const LOOKS = 3;
/** Deletions under way at once. */
const BATCH = 256;

export class GroupMember {
  readonly name: string;
  readonly role: MemberRole;
  readonly priority: number;
  readonly watch: MemberWatch;
  readonly #parts: MemberParts;

  constructor(parts: MemberParts) {
    this.name = parts.name;
    this.role = parts.role;
    this.priority = parts.priority;
    this.watch = parts.watch;
    this.#parts = parts;
  }

  get isReplica(): boolean {
    return this.watch.replication?.role === 'replica';
  }

  /** Since when it could have taken over; `undefined` if it cannot. */
  fitSince(mayPromote: boolean): number | undefined {
    return this.watch.isWell && (mayPromote || !this.isReplica) ? this.watch.upSince : undefined;
  }

  /** Connects at once, if it has put that off. */
  reach(): Promise<void> {
    return this.#parts.connect();
  }

  /** Looks anew; answers why it cannot take over, if it cannot. */
  async makeFit(mayPromote: boolean): Promise<string | undefined> {
    await this.watch.look();
    if (this.watch.upSince === undefined) return 'it does not answer';
    if (!this.isReplica) return undefined;
    if (!mayPromote) return 'it is a replica; make it a master, or allow that by failover.promote';
    try {
      await this.#parts.promote();
      // It is a master now. One late look must not make a second one of the next candidate.
      for (let left = LOOKS; left > 0 && !this.#isMaster; left--) await this.watch.look();
    } catch (error) {
      return `it cannot be made a master: ${error instanceof Error ? error.message : String(error)}`;
    }
    return this.#isMaster ? undefined : 'it has not become a master';
  }

  get #isMaster(): boolean {
    return !this.isReplica && this.watch.upSince !== undefined;
  }

  /** Deletes the keys; answers those it could not delete in time. */
  async remove(keys: readonly string[], until: number): Promise<string[]> {
    for (let i = 0; i < keys.length; i += BATCH) {
      const batch = keys.slice(i, i + BATCH);
      if (this.#parts.clock.now() >= until) return keys.slice(i);
      const removed = await Promise.all(batch.map((key) => this.#parts.remove(key)));
      if (!removed.every(Boolean)) return keys.slice(i);
    }
    return [];
  }

  /** Deletes all keys of the namespace; answers whether it could in time. Without a namespace nothing is deleted by looking for it. */
  async removeAll(until: number): Promise<boolean> {
    try {
      for await (const keys of this.#parts.keys()) if ((await this.remove(keys, until)).length > 0) return false;
      return true;
    } catch {
      return false;
    }
  }

  view(isActive: boolean, lagBytes: number | undefined): MemberView {
    const { name, role, priority, watch } = this;
    return { name, role, priority, isActive, state: watch.state, replicates: watch.replication?.role, lagBytes };
  }

  stop(): void {
    this.watch.stop();
    this.#parts.close();
  }
}
