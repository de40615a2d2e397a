/** The connections of one node, by lane, and all of them at once. */

import type { CacheError } from '../errors.js';
import { LANES, type Lane } from './lane.js';
import type { LanePool } from './lane-pool.js';
import type { Pipeline } from './pipeline.js';

export class NodeLanes {
  readonly #pools: Readonly<Record<Lane, LanePool>>;

  constructor(open: (lane: Lane) => LanePool) {
    this.#pools = { interactive: open('interactive'), bulk: open('bulk'), background: open('background') };
  }

  /** The connection of a lane that a key takes. */
  of(lane: Lane, hash: number): Pipeline {
    return this.#pools[lane].of(hash);
  }

  /** Whether the lane of small calls can be had by no connection at present. */
  get isDown(): boolean {
    return this.#pools.interactive.isDown;
  }

  /** A connection of `lane` opened or went down. */
  changed(lane: Lane): void {
    this.#pools[lane].changed();
  }

  in(lane: Lane): readonly Pipeline[] {
    return this.#pools[lane].pipelines;
  }

  each(does: (pipeline: Pipeline) => void): void {
    for (const lane of LANES) for (const pipeline of this.#pools[lane].pipelines) does(pipeline);
  }

  sum(of: (pipeline: Pipeline) => number): number {
    let sum = 0;
    this.each((pipeline) => {
      sum += of(pipeline);
    });
    return sum;
  }

  close(error: CacheError): void {
    for (const lane of LANES) this.#pools[lane].close(error);
  }
}
