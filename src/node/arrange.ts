/**
 * One turn's operations for one connection, put into the order in which they travel: writes, then reads, so that the
 * reads of a turn are one request; equal reads are asked once.
 *
 * Order per key is kept (rule R1): a read behind a write of its key sees that write, since writes go first; a write behind
 * a read of its key ends the batch, so the read cannot see what was issued after it.
 */

import type { NodeOperation } from './attempts.js';

/** Most operations that travel as one batch: bounds a reply's size and how long a server is busy with it. */
export const MAX_BATCH = 512;

const SLOTS = 2048;
const MASK = SLOTS - 1;

/**
 * A scratch table of the keys of the batch being arranged: slot by hash, linear probing, emptied by moving on to the next
 * mark. It holds places, not operations: those would keep their values alive long after they were answered.
 */
export class Arranger {
  readonly #marks = new Uint32Array(SLOTS);
  readonly #places = new Uint32Array(SLOTS);
  #mark = 0;
  /** Where the last `arrange` stopped: the first operation that is not in its batch. */
  stoppedAt = 0;

  /** The next batch of `operations[from …]`, of at most `limit` requests; sets `stoppedAt`. Leaves out what is over. */
  arrange(operations: readonly NodeOperation[], from: number, limit: number): NodeOperation[] {
    const reads: NodeOperation[] = [];
    let writes: NodeOperation[] | undefined;
    if (++this.#mark === 0xffffffff) {
      this.#marks.fill(0);
      this.#mark = 1;
    }
    const mark = this.#mark;
    const marks = this.#marks;
    const places = this.#places;
    const most = Math.min(limit, MAX_BATCH);
    let requests = 0;
    let i = from;
    // Equal reads add no request: ten thousand callers of one hot key are one.
    for (; i < operations.length && requests < most; i++) {
      const operation = operations[i] as NodeOperation;
      if (operation.isOver) {
        if (operation.kind !== 'get') operation.offWire?.();
        continue;
      }
      if (operation.kind === 'raw' && !operation.isOfOneKey) {
        // Such a command may concern any key: it keeps its place towards everything.
        if (reads.length > 0) break;
        (writes ??= []).push(operation);
        requests++;
        continue;
      }
      let slot = operation.hash & MASK;
      let same: NodeOperation | undefined;
      while (marks[slot] === mark) {
        const other = operations[places[slot] as number] as NodeOperation;
        if (other.hash === operation.hash && other.key === operation.key) {
          same = other;
          break;
        }
        slot = (slot + 1) & MASK;
      }
      if (operation.kind === 'get') {
        if (same?.kind === 'get' && same.isExact === operation.isExact) {
          operation.twin = same.twin;
          same.twin = operation;
          continue;
        }
        reads.push(operation);
      } else {
        if (same?.kind === 'get') break;
        (writes ??= []).push(operation);
      }
      requests++;
      marks[slot] = mark;
      places[slot] = i;
    }
    this.stoppedAt = i;
    if (writes === undefined) return reads;
    for (const read of reads) writes.push(read);
    return writes;
  }
}
