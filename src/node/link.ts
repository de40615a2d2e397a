/**
 * One connection's place: opens a connection, and another when it is lost, one attempt at a time and after a growing,
 * jittered pause. Nothing is ever resent here; what a lost connection owed has failed already.
 */

import type { Clock, Timer } from '../base/clock.js';
import { setFairTimer } from '../base/fair-timer.js';
import type { Connection, Driver } from '../driver/driver.js';
import { CacheError, NodeError } from '../errors.js';

export interface LinkSettings {
  readonly clock: Clock;
  readonly random: () => number;
  /** From the look-up of the name to the end of the handshake. */
  readonly connectMs: number;
  /** Longest pause between two attempts. */
  readonly maxPauseMs: number;
}

export interface LinkEvents {
  /** A connection that began to open at `beganAt` (monotonic) is ready. */
  opened(connection: Connection, beganAt: number): void;
  /** An open connection was lost, or an attempt to open one failed. */
  down(error: CacheError, wasOpen: boolean): void;
}

const FIRST_PAUSE_MS = 50;
/** A password does not become right by itself: ask rarely. */
const REFUSED_PAUSE_MS = 30_000;

export class Link {
  readonly #driver: Driver;
  readonly #settings: LinkSettings;
  readonly #events: LinkEvents;
  #state: 'idle' | 'connecting' | 'open' | 'waiting' | 'closed' = 'idle';
  #abort: AbortController | undefined;
  #deadline: Timer | undefined;
  #pause: Timer | undefined;
  #failures = 0;
  connection: Connection | undefined;
  lastError: CacheError | undefined;

  constructor(driver: Driver, settings: LinkSettings, events: LinkEvents) {
    this.#driver = driver;
    this.#settings = settings;
    this.#events = events;
  }

  /** Known to lead nowhere now: the last attempt failed and the next is not yet due, or it was closed. */
  get isDown(): boolean {
    return (
      (this.#state === 'waiting' || this.#state === 'closed' || this.#failures > 0) && this.connection === undefined
    );
  }

  open(): void {
    if (this.#state === 'idle') void this.#connect();
  }

  /** Ends the pause: something told that the node may be back. */
  hurry(): void {
    if (this.#state !== 'waiting') return;
    this.#pause?.cancel();
    void this.#connect();
  }

  /** Gives the open connection up, and opens another after the pause. */
  giveUp(error: CacheError): void {
    const connection = this.connection;
    if (connection === undefined) return;
    connection.destroy(error);
    this.#lost(error);
  }

  close(error: CacheError): void {
    this.#state = 'closed';
    this.lastError = error;
    this.#deadline?.cancel();
    this.#pause?.cancel();
    this.#abort?.abort();
    const connection = this.connection;
    this.connection = undefined;
    connection?.destroy(error);
  }

  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  async #connect(): Promise<void> {
    this.#state = 'connecting';
    const abort = new AbortController();
    this.#abort = abort;
    let beganAt = 0;
    try {
      await this.#driver.prepare?.();
      if (this.isClosed) return;
      beganAt = this.#settings.clock.now();
      this.#deadline = setFairTimer(this.#settings.clock, () => abort.abort(), this.#settings.connectMs);
      const connection = await this.#driver.connect({ signal: abort.signal });
      this.#deadline.cancel();
      if (this.isClosed) {
        connection.destroy(new CacheError('ERR_CLOSED', 'the cache was closed'));
        return;
      }
      if (!connection.isOpen) throw new NodeError('lost', 'the connection was lost as soon as it was open');
      this.#state = 'open';
      this.#failures = 0;
      this.connection = connection;
      connection.onClose = (error) => this.#lost(error);
      this.#events.opened(connection, beganAt);
    } catch (error) {
      this.#deadline?.cancel();
      if (this.isClosed) return;
      const known =
        error instanceof CacheError ? error : new NodeError('unreachable', 'cannot connect', { cause: error });
      this.#wait(known);
      this.#events.down(known, false);
    }
  }

  #lost(error: CacheError): void {
    if (this.isClosed) return;
    this.connection = undefined;
    this.#wait(error);
    this.#events.down(error, true);
  }

  #wait(error: CacheError): void {
    this.lastError = error;
    this.#state = 'waiting';
    const { clock, random, maxPauseMs } = this.#settings;
    const isRefused = error instanceof NodeError && error.reason === 'auth';
    const longest = isRefused
      ? REFUSED_PAUSE_MS
      : Math.min(maxPauseMs, FIRST_PAUSE_MS * 2 ** Math.min(this.#failures, 16));
    this.#failures++;
    // Full jitter: many processes that lost the same node must not come back together.
    const pauseMs = isRefused ? longest : random() * longest;
    this.#pause = clock.setTimer(() => void this.#connect(), pauseMs);
  }
}
