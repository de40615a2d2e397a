/** The connections of one node, by lane: which one a key takes, and all of them at once. */

import { LANES, type Lane } from './lane.js';
import type { Pipeline } from './pipeline.js';

export class NodeLanes {
  readonly #pipelines: Readonly<Record<Lane, readonly Pipeline[]>>;

  constructor(open: (lane: Lane) => readonly Pipeline[]) {
    this.#pipelines = { interactive: open('interactive'), bulk: open('bulk'), background: open('background') };
  }

  /** A key always takes the same connection of a lane. */
  of(lane: Lane, hash: number): Pipeline {
    const pipelines = this.#pipelines[lane];
    return (pipelines.length === 1 ? pipelines[0] : pipelines[hash % pipelines.length]) as Pipeline;
  }

  /** The first of the lane of small calls: what is true of it is taken for true of the node. */
  get first(): Pipeline {
    return this.#pipelines.interactive[0] as Pipeline;
  }

  in(lane: Lane): readonly Pipeline[] {
    return this.#pipelines[lane];
  }

  each(does: (pipeline: Pipeline) => void): void {
    for (const lane of LANES) for (const pipeline of this.#pipelines[lane]) does(pipeline);
  }

  sum(of: (pipeline: Pipeline) => number): number {
    let sum = 0;
    this.each((pipeline) => {
      sum += of(pipeline);
    });
    return sum;
  }
}
