/**
 * The driver of a group: connects to whichever of its nodes is active. The ring knows one node, which stays where it is;
 * a fail-over only changes where its connections lead.
 *
 * After `switchTo` returns no connection leads to the node that was active before: those handed out are destroyed, and an
 * attempt under way goes on towards the new one within its deadline.
 */

import { onAbort } from '../base/abort.js';
import type { Capabilities, Connection, ConnectOptions, Driver } from '../driver/driver.js';
import { type CacheError, NodeError } from '../errors.js';
import { GroupConnection } from './group-connection.js';
import { idOf, LeftConnections } from './left-connections.js';
import { MissedKeys } from './missed-keys.js';

export interface GroupDriverParts {
  readonly name: string;
  /** Of nodes that are all of one kind; the first is the primary's. */
  readonly drivers: readonly Driver[];
  /** Whether node number `member` has been answering for so long that what was on its way to it has arrived. */
  readonly hasSettled: (member: number) => boolean;
}

export class GroupDriver implements Driver {
  readonly kind: string;
  readonly capabilities: Capabilities;
  /** What the primary misses while another node is active. */
  readonly missed = new MissedKeys();
  readonly #parts: GroupDriverParts;
  readonly #left = new LeftConnections();
  readonly #handedOut = new Set<GroupConnection>();
  readonly #attempts = new Set<AbortController>();
  #active = 0;
  #term = 1;

  constructor(parts: GroupDriverParts) {
    this.#parts = parts;
    const { kind, capabilities } = this.#driver;
    this.kind = kind;
    this.capabilities = capabilities;
  }

  /** Number of the node that is active. */
  get active(): number {
    return this.#active;
  }

  async prepare(): Promise<void> {
    await this.#driver.prepare?.();
  }

  async connect({ signal }: ConnectOptions): Promise<Connection> {
    for (;;) {
      const term = this.#term;
      const connection = await this.#attempt(signal).catch((error) => {
        if (term === this.#term || signal.aborted) throw error;
      });
      if (connection !== undefined && term === this.#term) return connection;
      connection?.destroy(superseded(this.#parts.name));
      if (signal.aborted) throw new NodeError('unreachable', 'connecting took too long');
    }
  }

  /** From here on node number `member` is the one to connect to; `error` ends all connections to the other. */
  switchTo(member: number, error: CacheError): void {
    this.#term++;
    this.#active = member;
    for (const connection of [...this.#handedOut]) connection.destroy(error);
    for (const attempt of this.#attempts) attempt.abort(error);
  }

  /** Rejects if nobody could connect to node number `member` were it active. Asks only where something was left there. */
  async rehearse(member: number, signal: AbortSignal): Promise<void> {
    if (!this.#left.has(member)) return;
    const inner = await (this.#parts.drivers[member] as Driver).connect({ signal });
    await this.#putToRest(member, inner, signal);
    inner.destroy(new NodeError('lost', 'it has served its purpose'));
  }

  get #driver(): Driver {
    return this.#parts.drivers[this.#active] as Driver;
  }

  async #attempt(signal: AbortSignal): Promise<GroupConnection> {
    const attempt = new AbortController();
    const stopListening = onAbort(signal, () => attempt.abort(signal.reason));
    if (signal.aborted) attempt.abort(signal.reason);
    this.#attempts.add(attempt);
    try {
      const [member, term] = [this.#active, this.#term];
      const inner = await this.#driver.connect({ signal: attempt.signal });
      await this.#putToRest(member, inner, attempt.signal);
      return this.#handOut(member, term, inner);
    } finally {
      this.#attempts.delete(attempt);
      stopListening();
    }
  }

  /** Nothing of an earlier term may still arrive at the node whose data counts now. A node that does not answer is not waited for. */
  async #putToRest(member: number, inner: Connection, signal: AbortSignal): Promise<void> {
    const error = new NodeError('unreachable', 'connections given up there may still be carried out');
    const giveUp = (): void => inner.destroy(error);
    const stopListening = onAbort(signal, giveUp);
    if (signal.aborted) giveUp();
    try {
      if (await this.#left.clear(member, inner, this.#parts.hasSettled(member)).catch(() => false)) return;
    } finally {
      stopListening();
    }
    giveUp();
    throw error;
  }

  #handOut(member: number, term: number, inner: Connection): GroupConnection {
    const connection = new GroupConnection({
      inner,
      id: idOf(member, inner),
      term,
      wrote: member === 0 ? undefined : (key) => this.missed.add(key),
      ensureGone: (id) => this.#left.ensureGone(id, member, inner),
      ended: (ended) => this.#handedOut.delete(ended),
    });
    this.#handedOut.add(connection);
    return connection;
  }
}

function superseded(name: string): NodeError {
  return new NodeError('lost', `another node of group ${name} has taken over`, { node: name });
}
