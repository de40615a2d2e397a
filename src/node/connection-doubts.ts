/**
 * When open connections of a node are no longer believed in: a replica answers where a master did, a value came under
 * another key, or one connection tells that the peer is gone while the others, which owe nothing, cannot.
 */

import type { Clock } from '../base/clock.js';
import { type CacheError, NodeError } from '../errors.js';
import { LANES } from './lane.js';
import type { NodeLanes } from './node-lanes.js';

/** How often connections are renewed because the node became a replica: another may have taken over its address. */
const RENEW_EVERY_MS = 30_000;
/** How often they are given up because of a foreign value: the entry itself may be what is wrong. */
const DISTRUST_EVERY_MS = 1_000;

export class ConnectionDoubts {
  readonly #node: string;
  readonly #clock: Clock;
  readonly #lanes: NodeLanes;
  #renewedAt = Number.NEGATIVE_INFINITY;
  #distrustedAt = Number.NEGATIVE_INFINITY;

  constructor(node: string, clock: Clock, lanes: NodeLanes) {
    this.#node = node;
    this.#clock = clock;
    this.#lanes = lanes;
  }

  /** An attempt failed: a node that says it is a replica is looked up and connected to anew, once. */
  failed(error: CacheError): void {
    if (!(error instanceof NodeError) || (error.reason !== 'read-only' && error.reason !== 'master-down')) return;
    const now = this.#clock.now();
    if (now - this.#renewedAt < RENEW_EVERY_MS) return;
    this.#renewedAt = now;
    const why = new NodeError('lost', `node ${this.#node} is no longer the one to ask`, { node: this.#node });
    // Not now: we are called while replies are being read.
    this.#clock.setSoon(() => this.#lanes.each((pipeline) => pipeline.link.renew(why)));
  }

  /** A value of another key, or of none: the replies of the connection that brought it may be out of step. */
  foreignReply(hash: number): void {
    const now = this.#clock.now();
    if (now - this.#distrustedAt < DISTRUST_EVERY_MS) return;
    this.#distrustedAt = now;
    const error = new NodeError('protocol', `node ${this.#node} answered with another key's value`, {
      node: this.#node,
    });
    // At once: the next reply must not be believed either.
    for (const lane of LANES) this.#lanes.of(lane, hash).link.giveUp(error);
  }

  /** A connection was lost: if the peer has gone silent, it has for all. */
  lost(error: CacheError): void {
    if (!(error instanceof NodeError) || error.reason !== 'stalled') return;
    const now = this.#clock.now();
    this.#lanes.each((pipeline) => pipeline.doubt(now));
  }
}
