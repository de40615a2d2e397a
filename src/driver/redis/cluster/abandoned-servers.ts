/**
 * Connections to single servers that were given up or lost, by the connection to the cluster that they were part of: what
 * was written through them may still be carried out until they are known to be gone.
 */

import { NodeError } from '../../../errors.js';
import type { Shard } from './shard.js';

/** Past them the oldest are forgotten, and cannot be told about any more. */
const MOST_REMEMBERED = 1_024;
/** Past them nothing is known of one connection to the cluster any more. */
const MOST_NAMES = 256;

interface Left {
  /** What the servers call them. */
  readonly names: Set<string>;
  /** One of them had no name. */
  isUntold: boolean;
}

export class AbandonedServers {
  readonly #livesNow: () => Iterable<string>;
  readonly #left = new Map<string, Left>();

  /** `livesNow`: of the servers that own slots, as last heard; each begins as the names of connections to it do. */
  constructor(livesNow: () => Iterable<string>) {
    this.#livesNow = livesNow;
  }

  /** A connection to the cluster opens. */
  began(id: string): void {
    this.#left.set(id, { names: new Set(), isUntold: false });
    if (this.#left.size > MOST_REMEMBERED) this.#left.delete(this.#left.keys().next().value ?? '');
  }

  /** One of its servers is not connected to it any more. */
  left(id: string, name: string | undefined): void {
    const left = this.#left.get(id);
    if (left === undefined) return;
    if (name === undefined || left.names.size === MOST_NAMES) left.isUntold = true;
    else left.names.add(name);
  }

  /**
   * Asks each server for the connection that it had: one that lives another life, or owns no slots any more, is not the one
   * whose data count. Rejects while one that may be it cannot be asked.
   */
  async ensureGone(id: string, shards: readonly Shard[]): Promise<boolean> {
    const left = this.#left.get(id);
    if (left === undefined || left.isUntold) return false;
    for (const name of [...left.names]) {
      const life = name.split('.')[0] ?? '';
      const shard = shards.find(({ connection }) => connection?.life === life);
      if (shard !== undefined) {
        const number = name.slice(life.length + 1);
        if (typeof (await shard.ask(['CLIENT', 'KILL', 'ID', number])) !== 'number') return false;
      } else if (this.#mayOwnSlots(life) || shards.some(({ isOpen }) => !isOpen))
        throw new NodeError('unreachable', 'a server that may still carry out what was sent to it cannot be asked');
      left.names.delete(name);
    }
    return true;
  }

  #mayOwnSlots(life: string): boolean {
    for (const now of this.#livesNow()) if (now.startsWith(`${life} `)) return true;
    return false;
  }
}
