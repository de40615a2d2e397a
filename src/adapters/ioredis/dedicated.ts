/**
 * What needs connections of its own: commands that wait at the server, and subscriptions. Opened when first asked for,
 * closed with the client.
 */

import type { Command } from 'ioredis';
import { singleServerError } from './cross-node.js';
import type { Fleet } from './fleet.js';
import { nameOf } from './words.js';

export class Dedicated {
  readonly #fleet: Fleet;

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
  }

  /** A command that may wait at the server: see `routeOf`. */
  block(command: Command): void {
    command.reject(singleServerError(nameOf(command), `is not served yet by ${this.#fleet.nodes.length} nodes`));
  }

  /** SUBSCRIBE and its like. */
  subscription(command: Command): void {
    command.reject(singleServerError(nameOf(command), `is not served yet by ${this.#fleet.nodes.length} nodes`));
  }

  close(): void {}
}
