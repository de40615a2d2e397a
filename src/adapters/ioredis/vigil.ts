/**
 * Looks after commands that wait for ever: a connection that broke without a sign (a cable, a firewall that forgot) stays
 * open on this side for hours. While any command waits, each node is asked every few seconds, over its ordinary connection,
 * which of our connections it still knows; what waits on any other will never be answered, and fails.
 */

import type { Connection } from '../../driver/driver.js';
import type { CacheNode } from '../../node/cache-node.js';
import { type BlockingLine, lostError } from './blocking-line.js';
import type { Fleet } from './fleet.js';

export class Vigil {
  readonly #fleet: Fleet;
  readonly #lines: () => ReadonlyMap<CacheNode, BlockingLine>;
  readonly #everyMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(fleet: Fleet, lines: () => ReadonlyMap<CacheNode, BlockingLine>, everyMs: number) {
    this.#fleet = fleet;
    this.#lines = lines;
    this.#everyMs = everyMs;
  }

  /** A command waits. */
  begin(): void {
    this.#timer ??= setTimeout(() => this.#look(), this.#everyMs).unref();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    this.#timer = undefined;
    for (const [node, line] of this.#lines()) {
      const waiting = [...line.busy];
      if (waiting.length === 0) continue;
      this.begin();
      this.#ask(node, line, waiting);
    }
  }

  #ask(node: CacheNode, line: BlockingLine, waiting: readonly Connection[]): void {
    const life = node.connection?.incarnation?.id;
    const numbers = new Map<string, Connection>();
    for (const connection of waiting) {
      const { incarnation, id } = connection;
      if (life !== undefined && incarnation !== undefined && incarnation.id !== life)
        line.drop(connection, lostError(node, 'the server was restarted while the command waited'));
      else if (id !== undefined) numbers.set(id.slice(id.indexOf('.') + 1), connection);
    }
    if (numbers.size === 0) return;
    this.#fleet.askNode(node, ['CLIENT', 'LIST', 'ID', ...numbers.keys()], {
      replied: (reply) => {
        // A server that is too old to answer, or may not, leaves everything as it is.
        if (!Buffer.isBuffer(reply)) return;
        const known = new Set(Array.from(reply.latin1Slice().matchAll(/^id=(\d+)/gm), (match) => match[1]));
        for (const [number, connection] of numbers)
          if (!known.has(number)) line.drop(connection, lostError(node, 'the server has lost the connection'));
      },
      failed: () => undefined,
    });
  }
}
