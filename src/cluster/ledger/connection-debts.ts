/**
 * ConnectionDebts: writes of one node that were on a connection when we gave it up. A stopped node executes them when it
 * resumes, after newer writes that went by another connection (W8), so a newer confirmed write pays nothing here.
 *
 * How a debt ends depends on whether the server can be asked about connections, that is, whether the connection had a name there:
 * - *named*: only `gone` ends it. If the node has answered on a later connection and, a settling time after that, nobody
 *   could make sure, the debt stays and is counted as overdue: an unsure answer is no answer.
 * - *unnamed* (`''`), or given up on by `cannotTell`: it ends a settling time after the first answer on a connection
 *   opened after it was given up; a node that answers is running and has its old sockets before it. While it does not
 *   answer, the time does not run.
 *
 * Either way its keys are handed back then: the node may have executed those writes at any moment until now, also after a
 * newer write that it confirmed, so they must be distrusted until deleted or written once more.
 *
 * A node proven empty lives a new life: the process that held the old connections is not the one that answers now.
 * Those debts sleep; should a life come that is not proven empty, perhaps the old process behind the same address,
 * they wake, and their time begins anew.
 *
 * Bounds: keys past `maxKeys` become buckets, 1 of 4,096; connections past 16 are held together, and end together.
 */

import { BUCKETS, bucketOf } from './fences.js';

export interface LedgerKey {
  readonly hash: number;
  readonly key: string;
}

/** What the node calls a connection; `''` if it has no name there. */
export type ConnectionName = string;

const MAX_HELD = 16;
/** Names that one held debt keeps apart; past them its named connections never end but by an empty life. */
const MAX_NAMES = 4_096;

/** What may have been written by connections that have ended. */
export interface EndedConnection {
  readonly keys: ReadonlyMap<string, number>;
  /** By bucket: 1 if it holds keys that are not in `keys`. */
  readonly buckets: Uint8Array | undefined;
}

interface HeldDebt extends EndedConnection {
  readonly names: Set<ConnectionName>;
  /** Set when names were dropped: `gone` can no longer end it. */
  hasLostNames: boolean;
  readonly since: number;
  givenUpAt: number;
  firstReplyAt: number | undefined;
  isAsleep: boolean;
  readonly keys: Map<string, number>;
  buckets: Uint8Array | undefined;
}

export interface ConnectionDebtStats {
  readonly connections: number;
  readonly keys: number;
  readonly overdue: number;
  readonly asleep: number;
  readonly oldest: number | undefined;
}

export class ConnectionDebts {
  private held: HeldDebt[] = [];
  private keyCount = 0;
  private readonly maxKeys: number;

  constructor(maxKeys: number) {
    this.maxKeys = maxKeys;
  }

  get isNone(): boolean {
    return this.held.length === 0;
  }

  /** Whether some concern the node's present life. */
  get isAwake(): boolean {
    return this.held.some(({ isAsleep }) => !isAsleep);
  }

  has(hash: number, key: string): boolean {
    if (this.held.length === 0) return false;
    for (const debt of this.held) {
      if (debt.isAsleep) continue;
      if (debt.buckets !== undefined && debt.buckets[bucketOf(hash)] === 1) return true;
      if (debt.keys.has(key)) return true;
    }
    return false;
  }

  /** The writes of `keys` were on connection `name`, given up at `now`. May come in several calls. */
  add(name: ConnectionName, keys: readonly LedgerKey[], now: number): void {
    const debt = this.debtOf(name, now);
    debt.givenUpAt = now;
    debt.firstReplyAt = undefined;
    if (debt.names.size < MAX_NAMES) debt.names.add(name);
    else if (!debt.names.has(name)) debt.hasLostNames = true;
    for (const { hash, key } of keys) this.addKey(debt, hash, key);
  }

  /** Named connections of which nobody made sure yet. */
  named(): ConnectionName[] {
    return this.held.flatMap((debt) => (debt.isAsleep ? [] : [...debt.names].filter((name) => name !== '')));
  }

  gone(name: ConnectionName): EndedConnection[] {
    return name === ''
      ? []
      : this.drop((debt) => debt.names.delete(name) && debt.names.size === 0 && !debt.hasLostNames);
  }

  /** The node cannot be asked about this connection after all: the settling time decides. */
  cannotTell(name: ConnectionName): void {
    for (const debt of this.held) if (debt.names.delete(name)) debt.names.add('');
  }

  /** The first reply came, at `now`, on a connection that was opened at `openedAt`. */
  firstReply(openedAt: number, now: number): void {
    for (const debt of this.held) if (debt.givenUpAt <= openedAt) debt.firstReplyAt ??= now;
  }

  /** Ends the debts of unnamed connections that have settled. */
  settle(now: number, settlingMs: number): EndedConnection[] {
    return this.drop((debt) => !debt.isAsleep && isSettled(debt, now, settlingMs) && !isNamed(debt));
  }

  sleep(): void {
    for (const debt of this.held) debt.isAsleep = true;
  }

  wake(): void {
    for (const debt of this.held) {
      if (debt.isAsleep) debt.firstReplyAt = undefined;
      debt.isAsleep = false;
    }
  }

  stats(now: number, settlingMs: number): ConnectionDebtStats {
    const awake = this.held.filter((debt) => !debt.isAsleep);
    return {
      connections: awake.reduce((sum, debt) => sum + debt.names.size, 0),
      keys: awake.reduce((sum, debt) => sum + debt.keys.size, 0),
      overdue: awake.filter((debt) => isNamed(debt) && isSettled(debt, now, settlingMs)).length,
      asleep: this.held.length - awake.length,
      oldest: awake.length === 0 ? undefined : Math.min(...awake.map((debt) => debt.since)),
    };
  }

  private debtOf(name: ConnectionName, now: number): HeldDebt {
    const known = this.held.find((debt) => debt.names.has(name) && !debt.isAsleep);
    if (known !== undefined) return known;
    const last = this.held.at(-1);
    if (this.held.length >= MAX_HELD && last !== undefined) {
      last.isAsleep = false;
      return last;
    }
    const debt: HeldDebt = {
      names: new Set(),
      hasLostNames: false,
      since: now,
      givenUpAt: now,
      firstReplyAt: undefined,
      isAsleep: false,
      keys: new Map(),
      buckets: undefined,
    };
    this.held.push(debt);
    return debt;
  }

  private addKey(debt: HeldDebt, hash: number, key: string): void {
    if (debt.keys.has(key)) return;
    if (this.keyCount < this.maxKeys) {
      debt.keys.set(key, hash);
      this.keyCount++;
    } else {
      debt.buckets ??= new Uint8Array(BUCKETS);
      debt.buckets[bucketOf(hash)] = 1;
    }
  }

  /** Those that were awake: what sleeping ones left is not in the life of now. */
  private drop(isOver: (debt: HeldDebt) => boolean): HeldDebt[] {
    const over = this.held.filter(isOver);
    this.held = this.held.filter((debt) => !over.includes(debt));
    for (const { keys } of over) this.keyCount -= keys.size;
    return over.filter(({ isAsleep }) => !isAsleep);
  }
}

function isNamed(debt: HeldDebt): boolean {
  return debt.hasLostNames || debt.names.size > (debt.names.has('') ? 1 : 0);
}

function isSettled(debt: HeldDebt, now: number, settlingMs: number): boolean {
  return debt.firstReplyAt !== undefined && now - debt.firstReplyAt >= settlingMs;
}
