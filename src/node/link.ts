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
  /** An open connection was lost, or an attempt to open one that began at `beganAt` failed. */
  down(error: CacheError, wasOpen: boolean, beganAt: number): void;
}

const FIRST_PAUSE_MS = 50;
/** Neither a password becomes right nor a cluster node a single one by itself: ask rarely. */
const REFUSED_PAUSE_MS = 30_000;
/** Trouble is over once a connection stood for so long; one that dies sooner makes the pauses grow on. */
const STEADY_MS = 1_000;
/** How long a driver may take to give up when told to. */
const HEED_MS = 50;

export class Link {
  readonly #driver: Driver;
  readonly #settings: LinkSettings;
  readonly #events: LinkEvents;
  #state: 'idle' | 'connecting' | 'open' | 'waiting' | 'closed' = 'idle';
  #abort: AbortController | undefined;
  #deadline: Timer | undefined;
  #pause: Timer | undefined;
  #failures = 0;
  #openedAt = 0;
  #pausedAt = 0;
  connection: Connection | undefined = undefined;
  lastError: CacheError | undefined = undefined;

  constructor(driver: Driver, settings: LinkSettings, events: LinkEvents) {
    this.#driver = driver;
    this.#settings = settings;
    this.#events = events;
  }

  /** Known to lead nowhere now: the last attempt failed and the next is not yet due, or it was closed. */
  get isDown(): boolean {
    if (this.connection !== undefined) return false;
    return this.#state === 'waiting' || this.#state === 'closed' || this.#failures > 0;
  }

  open(): void {
    if (this.#state === 'idle') void this.#connect();
  }

  /** Gives the open connection up, and opens another after the pause. */
  giveUp(error: CacheError): void {
    const connection = this.connection;
    if (connection === undefined) return;
    connection.destroy(error);
    this.#lost(error);
  }

  /** Gives the open connection up, and opens another at once: the node may have moved. */
  renew(error: CacheError): void {
    this.giveUp(error);
    if (this.#state !== 'waiting') return;
    this.#pause?.cancel();
    void this.#connect();
  }

  /** Somebody waits: a pause ends once it has lasted `ms`. */
  hasten(ms: number): void {
    if (this.#state !== 'waiting' || this.#settings.clock.now() - this.#pausedAt < ms) return;
    this.#pause?.cancel();
    void this.#connect();
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

  /** Closed, or refused in a way that a moment does not change. */
  get isHopeless(): boolean {
    return this.#state === 'closed' || isRefused(this.lastError);
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
      const connection = await this.#heeded(this.#driver.connect({ signal: abort.signal }), abort.signal);
      this.#deadline.cancel();
      if (this.isClosed) {
        connection.destroy(new CacheError('ERR_CLOSED', 'the cache was closed'));
        return;
      }
      if (!connection.isOpen) throw new NodeError('lost', 'the connection was lost as soon as it was open');
      this.#state = 'open';
      this.#openedAt = this.#settings.clock.now();
      this.connection = connection;
      connection.onClose = (error) => this.#lost(error);
      this.#events.opened(connection, beganAt);
    } catch (error) {
      this.#deadline?.cancel();
      if (this.isClosed) return;
      const known =
        error instanceof CacheError ? error : new NodeError('unreachable', 'cannot connect', { cause: error });
      this.#wait(known);
      this.#events.down(known, false, beganAt);
    }
  }

  /** What `connecting` brings, unless the signal came first: a driver that does not heed it must not hold us up. */
  #heeded(connecting: Promise<Connection>, signal: AbortSignal): Promise<Connection> {
    return new Promise((resolve, reject) => {
      let isLate = false;
      const tooLate = (): void => {
        isLate = true;
        reject(new NodeError('unreachable', 'connecting took too long'));
      };
      // What the driver itself has to say is worth a moment.
      const onAbort = (): void => {
        this.#deadline = this.#settings.clock.setTimer(tooLate, HEED_MS);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      connecting
        .then((connection) => {
          if (isLate) connection.destroy(new CacheError('ERR_CLOSED', 'the connection came too late'));
          else resolve(connection);
        }, reject)
        .finally(() => signal.removeEventListener('abort', onAbort));
    });
  }

  #lost(error: CacheError): void {
    if (this.isClosed) return;
    this.connection = undefined;
    if (this.#settings.clock.now() - this.#openedAt >= STEADY_MS) this.#failures = 0;
    this.#wait(error);
    this.#events.down(error, true, this.#openedAt);
  }

  #wait(error: CacheError): void {
    this.lastError = error;
    this.#state = 'waiting';
    const { clock, random, maxPauseMs } = this.#settings;
    const isLasting = isRefused(error);
    const longest = isLasting
      ? REFUSED_PAUSE_MS
      : Math.min(maxPauseMs, FIRST_PAUSE_MS * 2 ** Math.min(this.#failures, 16));
    this.#failures++;
    // Full jitter: many processes that lost the same node must not come back together.
    const pauseMs = isLasting ? longest : random() * longest;
    this.#pausedAt = clock.now();
    this.#pause = clock.setTimer(() => void this.#connect(), pauseMs);
  }
}

function isRefused(error: CacheError | undefined): boolean {
  return error instanceof NodeError && (error.reason === 'auth' || error.reason === 'cluster');
}
