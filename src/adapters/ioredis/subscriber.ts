/**
 * The subscriptions on one node: a connection that is kept while there are any, opened anew whenever it is lost, and then
 * subscribed again to all of them. What is published while it is down is missed, as in Redis itself.
 */

import type { Redis as IoRedis } from 'ioredis';
import { onAbort } from '../../base/abort.js';
import { CacheError, NodeError, TimeoutError } from '../../errors.js';
import { delayFor } from '../../node/backoff.js';
import type { NodeSpec } from '../../options/node-options.js';
import { Channels, type Kind, UNDO, type Undo } from './channels.js';
import { openSubscriber } from './subscriber-client.js';
import { subscribeTo, watchOver } from './subscriber-upkeep.js';

export interface SubscriberTerms {
  /** One attempt to connect, and to subscribe again. */
  readonly connectMs: number;
  /** How long a subscription may take to be confirmed. */
  readonly patienceMs: number;
  readonly connectionName: string | undefined;
  /** A silent connection is asked for a sign of life. */
  readonly aliveEveryMs: number;
  /** Whether a lost connection is opened anew; otherwise what was subscribed to on it is no more. */
  readonly resubscribes: boolean;
  /** Whether the connection lets the process end. */
  readonly unref: boolean;
}

export interface SubscriberEvents {
  /** A new connection, before anything is subscribed to on it. */
  opened(client: IoRedis): void;
  lost(error: NodeError): void;
}

type Names = readonly (string | Buffer)[];

const PAUSES = { backoff: 'exponential', jitter: 'equal', baseMs: 50, maxMs: 2_000 } as const;

export class Subscriber {
  readonly #spec: NodeSpec;
  readonly #terms: SubscriberTerms;
  readonly #events: SubscriberEvents;
  readonly #wanted = new Channels();
  readonly #waiting = new Set<() => void>();
  #client: IoRedis | undefined;
  /** Why there is no connection. */
  #lastError: CacheError | undefined;
  #closing = new AbortController();
  #isOpening = false;
  /** Ends a pause between two attempts. */
  #wake: (() => void) | undefined;

  constructor(spec: NodeSpec, terms: SubscriberTerms, events: SubscriberEvents) {
    this.#spec = spec;
    this.#terms = terms;
    this.#events = events;
  }

  /** Resolves when the server has confirmed; on failure nothing of it stays. @throws CacheError */
  async subscribe(kind: Kind, names: Names): Promise<void> {
    const added = names.filter((name) => this.#wanted.add(kind, name));
    const until = performance.now() + this.#terms.patienceMs;
    const { signal } = this.#closing;
    try {
      // What was given up again meanwhile is not told to the server any more.
      const wanted = () => names.filter((name) => this.#wanted.has(kind, name));
      while (!(await this.#tell(kind, wanted(), until))) {
        void this.#open();
        await this.#changed(until, signal);
      }
    } catch (error) {
      for (const name of added) this.#wanted.delete(kind, name);
      void this.#tell(UNDO[kind], added).catch(() => undefined);
      this.#rest();
      throw error;
    }
  }

  /** Subscribes as soon as the node can be reached. */
  keep(kind: Kind, names: Names): void {
    for (const name of names) this.#wanted.add(kind, name);
    void this.#open();
  }

  /** Resolves when nothing of it is heard any more, or the server takes too long to say so. */
  async unsubscribe(kind: Kind, names: Names): Promise<void> {
    for (const name of names) this.#wanted.delete(kind, name);
    await this.#tell(UNDO[kind], names).catch(() => undefined);
    this.#rest();
  }

  close(): void {
    this.#wanted.clear();
    this.#closing.abort();
    this.#closing = new AbortController();
    this.#rest();
    this.#wake?.();
    for (const look of this.#waiting) look();
  }

  /**
   * `false` if there is no connection to tell it to, or it was lost meanwhile. Rejects with a refusal of the server, or when
   * time is over: the connection stays, for the sake of all else on it, until it fails to give a sign of life.
   */
  async #tell(what: Kind | Undo, names: Names, until = performance.now() + this.#terms.patienceMs): Promise<boolean> {
    const client = this.#client;
    if (names.length === 0) return true;
    if (client === undefined) return false;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(this.#late()), until - performance.now());
    });
    try {
      await Promise.race([client.call(what, ...names), late]);
    } catch (error) {
      if (this.#client === client && client.status === 'ready') throw error;
      return false;
    } finally {
      clearTimeout(timer);
    }
    return this.#client === client;
  }

  /** Resolves when the connection has been opened or lost. @throws CacheError when time is over, or this is closed */
  #changed(until: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        this.#waiting.delete(look);
        clearTimeout(timer);
        settle();
      };
      const look = () => end(() => (signal.aborted ? reject(closedError()) : resolve()));
      const timer = setTimeout(() => end(() => reject(this.#late())), until - performance.now());
      this.#waiting.add(look);
    });
  }

  /** Keeps a connection for as long as anything is subscribed to. Never rejects. */
  async #open(): Promise<void> {
    if (this.#isOpening || this.#client !== undefined) return;
    this.#isOpening = true;
    for (let attempt = 1; this.#client === undefined && !this.#wanted.isEmpty; attempt++) {
      try {
        await this.#connect(attempt);
      } catch (error) {
        // Nobody misses anything.
        if (this.#wanted.isEmpty) break;
        this.#lastError = error as NodeError;
        if (attempt === 1) this.#events.lost(error as NodeError);
        await this.#pause(delayFor(attempt, PAUSES, 0, Math.random));
      }
    }
    this.#isOpening = false;
  }

  async #connect(attempt: number): Promise<void> {
    const abort = new AbortController();
    const giveUp = () => abort.abort();
    const timer = setTimeout(giveUp, this.#terms.connectMs);
    const { signal } = this.#closing;
    const stopListening = onAbort(signal, giveUp);
    let client: IoRedis | undefined;
    try {
      const opened = await openSubscriber(this.#spec, this.#terms.connectionName, attempt, abort.signal);
      client = opened;
      this.#events.opened(opened);
      abort.signal.addEventListener('abort', () => opened.disconnect(), { once: true });
      await subscribeTo(opened, this.#wanted);
      if (abort.signal.aborted || opened.status !== 'ready') throw this.#lost('was lost while subscribing');
    } catch (error) {
      client?.disconnect();
      throw error instanceof NodeError ? error : this.#lost(String(error));
    } finally {
      clearTimeout(timer);
      stopListening();
    }
    this.#use(client);
  }

  #use(client: IoRedis): void {
    this.#client = client;
    if (this.#terms.unref) client.stream.unref();
    const watch = watchOver(client, this.#terms.aliveEveryMs);
    client.once('close', () => {
      clearInterval(watch);
      if (this.#client !== client) return;
      this.#client = undefined;
      if (!this.#terms.resubscribes) this.#wanted.clear();
      const error = this.#lost('the connection was lost: what is published meanwhile is missed');
      this.#lastError = error;
      this.#events.lost(error);
      void this.#open();
    });
    for (const look of this.#waiting) look();
    this.#rest();
  }

  /** Nothing is subscribed to: no connection is needed. */
  #rest(): void {
    if (!this.#wanted.isEmpty) return;
    const client = this.#client;
    this.#client = undefined;
    client?.disconnect();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #late(): TimeoutError {
    const { name } = this.#spec;
    const terms = { node: name, cause: this.#lastError };
    return new TimeoutError(`${name} confirmed no subscription`, this.#terms.patienceMs, false, terms);
  }

  #lost(why: string): NodeError {
    return new NodeError('lost', `subscriptions on ${this.#spec.name}: ${why}`, { node: this.#spec.name });
  }
}

function closedError(): CacheError {
  return new CacheError('ERR_CLOSED', 'the client was closed');
}
