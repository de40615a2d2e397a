/**
 * RecordTable: up to 256 segments, chosen by the top bits of a key's first hash.
 *
 * One table of a million records would stop the process for tens of milliseconds each time it doubles. A segment holds
 * some four thousand at most, doubles within a fraction of a millisecond, and grows by itself.
 */

import { RecordSegment } from './record-segment.js';

const MAX_SEGMENTS = 256;
const RECORDS_PER_SEGMENT = 4_096;

export class RecordTable {
  /**
   * Records that one segment may hold; keeping to it is the user's task, who knows what to give up. Hashes do not spread
   * evenly, so the first segment is full when the table holds some 95 % of `maxRecords`.
   */
  readonly limit: number;
  private readonly width: number;
  private readonly mask: number;
  private readonly segments: (RecordSegment | undefined)[];

  constructor(width: number, maxRecords: number) {
    let count = 1;
    while (count < MAX_SEGMENTS && count * RECORDS_PER_SEGMENT < maxRecords) count *= 2;
    this.width = width;
    this.mask = count - 1;
    this.limit = Math.max(1, Math.floor(maxRecords / count));
    this.segments = new Array<RecordSegment | undefined>(count).fill(undefined);
  }

  /** Index of the segment of `hash`. */
  indexOf(hash: number): number {
    return (hash >>> 24) & this.mask;
  }

  peek(hash: number): RecordSegment | undefined {
    return this.segments[(hash >>> 24) & this.mask];
  }

  open(hash: number): RecordSegment {
    const index = this.indexOf(hash);
    return (this.segments[index] ??= new RecordSegment(this.width));
  }

  /** How many segments there may be. */
  get segmentCount(): number {
    return this.segments.length;
  }

  /** Calls `visit` for each segment that was opened. */
  forEachSegment(visit: (segment: RecordSegment) => void): void {
    for (const segment of this.segments) if (segment !== undefined) visit(segment);
  }
}
