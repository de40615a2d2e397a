/**
 * Connections to one node for commands that wait there: one command at a time on each, so that none delays another. They
 * are the driver's own, apart from the node's lanes: what happens on them opens no breaker and fills no bulkhead.
 */

import { onAbort } from '../../base/abort.js';
import type { Connection, Words } from '../../driver/driver.js';
import { CacheError, NodeError } from '../../errors.js';
import { delayFor } from '../../node/backoff.js';
import type { CacheNode } from '../../node/cache-node.js';
import { named } from './named-error.js';

/** Where a limit is needed: a server has 10,000 clients by default. */
const MOST_CONNECTIONS = 500;
/** More that wait for their next command are closed. */
const MOST_IDLE = 16;
const PAUSES = { backoff: 'exponential', jitter: 'equal', baseMs: 20, maxMs: 200 } as const;

export class BlockingLine {
  readonly #node: CacheNode;
  readonly #connectMs: number;
  readonly #idle: Connection[] = [];
  readonly #busy = new Set<Connection>();
  readonly #closing = new AbortController();
  #opening = 0;

  constructor(node: CacheNode, connectMs: number) {
    this.#node = node;
    this.#connectMs = connectMs;
  }

  /** Connections on which a command waits. */
  get busy(): Iterable<Connection> {
    return this.#busy;
  }

  /**
   * One that nobody uses, for `ask`. A server that cannot be reached is tried again for `patienceMs`, or while it is
   * wanted: it may be back soon, and a loop of calls is slowed. @throws CacheError
   */
  async take(patienceMs: number, isWanted: () => boolean): Promise<Connection> {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) if (idle.isOpen) return idle;
    if (this.#busy.size + this.#opening >= MOST_CONNECTIONS)
      throw new CacheError('ERR_BULKHEAD_FULL', `${MOST_CONNECTIONS} commands wait at ${this.#node.name} already`, {
        node: this.#node.name,
      });
    this.#opening++;
    try {
      return await this.#open(patienceMs, isWanted);
    } finally {
      this.#opening--;
    }
  }

  /** Takes back what `take` gave, unused. */
  giveBack(connection: Connection): void {
    if (!connection.isOpen) return;
    if (this.#idle.length >= MOST_IDLE || this.#closing.signal.aborted) connection.destroy(this.#closed());
    else this.#idle.push(connection);
  }

  /** Resolves with the reply, a refusal included. Rejects when the connection is lost or given up by `drop`. */
  ask(connection: Connection, words: Words): Promise<unknown> {
    this.#busy.add(connection);
    return new Promise((resolve, reject) => {
      const end = () => {
        this.#busy.delete(connection);
        this.giveBack(connection);
      };
      const done = (reply: unknown) => {
        end();
        resolve(reply);
      };
      const fail = (error: CacheError) => {
        end();
        reject(named(error, this.#node.name));
      };
      connection.send([{ kind: 'raw', key: '', words, takesRefusals: true, done, fail }]);
    });
  }

  /** Gives up a connection: what waits on it fails with `error`, and the server does not carry it out any more. */
  drop(connection: Connection, error: CacheError): void {
    connection.destroy(error);
  }

  close(): void {
    this.#closing.abort();
    for (const connection of [...this.#idle.splice(0), ...this.#busy]) connection.destroy(this.#closed());
  }

  async #open(patienceMs: number, isWanted: () => boolean): Promise<Connection> {
    const until = performance.now() + patienceMs;
    for (let attempt = 1; ; attempt++) {
      try {
        const connection = await this.#connect();
        connection.onClose = () => this.#forget(connection);
        return connection;
      } catch (error) {
        const pauseMs = delayFor(attempt, PAUSES, 0, Math.random);
        if (this.#closing.signal.aborted || !isWanted() || performance.now() + pauseMs > until)
          throw error instanceof CacheError ? named(error, this.#node.name) : error;
        await pause(pauseMs, this.#closing.signal);
      }
    }
  }

  async #connect(): Promise<Connection> {
    const { signal } = this.#closing;
    if (signal.aborted) throw this.#closed();
    const abort = new AbortController();
    const giveUp = () => abort.abort();
    const timer = setTimeout(giveUp, this.#connectMs);
    const stopListening = onAbort(signal, giveUp);
    try {
      await this.#node.driver.prepare?.();
      const connection = await this.#node.driver.connect({ signal: abort.signal });
      if (!signal.aborted) return connection;
      connection.destroy(this.#closed());
      throw this.#closed();
    } finally {
      clearTimeout(timer);
      stopListening();
    }
  }

  #forget(connection: Connection): void {
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
  }

  #closed(): CacheError {
    return new CacheError('ERR_CLOSED', 'the client was closed');
  }
}

/** Resolves early if the signal aborts. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      stopListening();
      resolve();
    };
    const timer = setTimeout(end, ms);
    const stopListening = onAbort(signal, end);
  });
}

/** That a connection is of no use any more. */
export function lostError(node: CacheNode, why: string): NodeError {
  return new NodeError('lost', why, { node: node.name });
}
