/** Tells when nodes come and go: in the moment in which their connections do, so that who gets an answer finds us ready. */

import type { Connection } from '../../driver/driver.js';
import { type CacheError, NodeError } from '../../errors.js';
import type { CacheNode } from '../../node/cache-node.js';
import { named } from './named-error.js';

export interface ConnectivityNews {
  /** A node has a connection that it did not have at the last look. */
  opened(node: CacheNode): void;
  /** Every node has been tried, and one at least answers; or one does again. */
  up(): void;
  /** Every node has been tried, and none answers any more. */
  down(): void;
  /** A node was lost, or was not there in the first place. */
  lost(error: CacheError): void;
}

export class Connectivity {
  readonly #nodes: readonly CacheNode[];
  readonly #news: ConnectivityNews;
  readonly #lost = new Set<CacheNode>();
  readonly #connections = new Map<CacheNode, Connection>();
  #isUp: boolean | undefined;

  constructor(nodes: readonly CacheNode[], news: ConnectivityNews) {
    this.#nodes = nodes;
    this.#news = news;
    for (const node of nodes) node.onChange = () => this.#look();
  }

  stop(): void {
    for (const node of this.#nodes) node.onChange = undefined;
  }

  #look(): void {
    const wasTried = this.#isUp !== undefined;
    for (const node of this.#nodes) this.#lookAt(node, wasTried);
    const isUp = this.#nodes.some((node) => node.isConnected);
    if (!wasTried && !this.#nodes.every((node) => node.isConnected || node.lastError !== undefined)) return;
    if (isUp === this.#isUp) return;
    this.#isUp = isUp;
    if (isUp) this.#news.up();
    else this.#news.down();
  }

  #lookAt(node: CacheNode, wasTried: boolean): void {
    const { connection } = node;
    if (connection !== undefined) {
      this.#lost.delete(node);
      const isNew = this.#connections.get(node) !== connection;
      this.#connections.set(node, connection);
      if (isNew) this.#news.opened(node);
      return;
    }
    if (this.#lost.has(node) || (!wasTried && node.lastError === undefined)) return;
    this.#lost.add(node);
    this.#news.lost(named(node.lastError ?? new NodeError('lost', `node ${node.name} was lost`), node.name));
  }
}
