/** The beginning and the end of a cache: when it is ready, and how it closes in bounded time from any state. */

import type { Clock } from '../base/clock.js';
import type { DebtPayer } from '../cluster/debt-payer.js';
import { CacheError } from '../errors.js';
import type { EventBus } from '../events.js';
import type { CloseReport } from '../stats.js';
import type { Cluster } from './create-cluster.js';

/** How often waiting looks at what it waits for. */
const LOOK_MS = 5;
/** How long `ready` waits for a first node: some ten attempts. */
const READY_MS = 5_000;

export class Lifecycle {
  readonly #clock: Clock;
  readonly #cluster: Cluster;
  readonly #payer: DebtPayer;
  readonly #events: EventBus;
  readonly #hasWaiting: () => boolean;
  readonly #stopOthers: () => void;
  #closing: Promise<CloseReport> | undefined;
  /** When closing ends at the latest. */
  #endAt = Number.POSITIVE_INFINITY;
  #report: CloseReport | undefined;
  /** The nodes are closed, or being so: nothing more is waited for. */
  isOver = false;

  /**
   * @param hasWaiting whether calls are under way that no node is asked for at present
   * @param stopOthers called as closing begins, to end whatever would still change the ring
   */
  constructor(
    clock: Clock,
    cluster: Cluster,
    payer: DebtPayer,
    events: EventBus,
    hasWaiting: () => boolean,
    stopOthers: () => void,
  ) {
    this.#clock = clock;
    this.#cluster = cluster;
    this.#payer = payer;
    this.#events = events;
    this.#hasWaiting = hasWaiting;
    this.#stopOthers = stopOthers;
  }

  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  async ready(): Promise<void> {
    const cluster = this.#cluster;
    const giveUpAt = this.#clock.now() + READY_MS;
    // Of the moment: nodes may be replaced meanwhile.
    const isTried = (): boolean => cluster.topology.nodes.every((node) => node.isConnected || node.lastError);
    const isReached = (): boolean => cluster.topology.nodes.some((node) => node.isConnected);
    await this.#until(
      () => this.isClosed || (isTried() && isReached()),
      () => giveUpAt,
    );
    if (this.isClosed) throw new CacheError('ERR_CLOSED', 'the cache is closed');
    if (isReached()) return;
    const cause = cluster.topology.nodes[0]?.lastError;
    const { message: why = 'none has answered yet' } = cause ?? {};
    throw new CacheError('ERR_UNAVAILABLE', `no node can be reached: ${why}`, { cause });
  }

  /** The earliest end asked for counts: 0 ends at once, also what is being closed already. */
  close(timeoutMs: number): Promise<CloseReport> {
    this.#endAt = Math.min(this.#endAt, this.#clock.now() + timeoutMs);
    this.#closing ??= this.#close();
    if (timeoutMs === 0) this.#end();
    return this.#closing;
  }

  async #close(): Promise<CloseReport> {
    this.#stopOthers();
    const isOver = (): boolean => this.#report !== undefined;
    const isIdle = (): boolean => !this.#hasWaiting() && this.#cluster.topology.nodes.every((node) => node.isIdle);
    await this.#until(() => isOver() || isIdle());
    if (!isOver() && this.#payer.unpaid > 0) await this.#until(() => isOver() || !this.#payer.canPay());
    return this.#end();
  }

  #end(): CloseReport {
    if (this.#report !== undefined) return this.#report;
    this.#cluster.stop();
    this.isOver = true;
    const error = new CacheError('ERR_CLOSED', 'the cache was closed');
    for (const node of this.#cluster.topology.nodes) node.close(error);
    // Writes that the end cut short are owed as well.
    this.#report = { unpaidDebts: this.#payer.unpaid };
    this.#payer.stop();
    this.#events.clear();
    return this.#report;
  }

  async #until(holds: () => boolean, endsAt = (): number => this.#endAt): Promise<void> {
    while (!holds() && this.#clock.now() < endsAt())
      await new Promise<void>((resolve) => this.#clock.setTimer(resolve, LOOK_MS, true));
  }
}
