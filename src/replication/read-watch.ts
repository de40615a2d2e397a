/** ReadWatch: hears how every read ends, for those who compare; only made where somebody does. */

import type { Kept } from '../codec/transcoder.js';

/** `kept` is what the read answered, `undefined` for a miss. */
export type ReadHeard = (key: string, hash: number, generation: number, kept: Kept | undefined) => void;

export class ReadWatch {
  hits = 0;
  misses = 0;
  /** Told of each read as it ends. */
  listener: ReadHeard | undefined = undefined;

  found(key: string, hash: number, generation: number, kept: Kept): void {
    this.hits++;
    this.listener?.(key, hash, generation, kept);
  }

  missed(key: string, hash: number, generation: number): void {
    this.misses++;
    this.listener?.(key, hash, generation, undefined);
  }
}
