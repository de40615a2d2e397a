/**
 * What counters may answer. A counter begins anew whenever it is lost, so it may be lower than the number of increments
 * since it was deleted, and never higher: then it would have counted on from a number that was gone.
 */

export class Counters {
  /** By key: increments issued after each delete, oldest first. */
  readonly #counts = new Map<string, number[]>();

  deleted(key: string): void {
    this.#of(key).push(0);
  }

  /** An increment is about to be issued; answers between which deletes. */
  incremented(key: string): number {
    const counts = this.#of(key);
    counts[counts.length - 1]!++;
    return counts.length - 1;
  }

  now(key: string): number {
    return this.#of(key).length - 1;
  }

  /** What is wrong with `value`, answered to an increment or a read issued after delete number `since`. */
  wrong(key: string, value: number, since: number, isRead: boolean): string | undefined {
    const counts = this.#of(key);
    const most = isRead ? Math.max(...counts.slice(since)) : counts[since]!;
    return value > most ? `${key} is ${value} after ${most} increments since it was deleted` : undefined;
  }

  #of(key: string): number[] {
    const counts = this.#counts.get(key) ?? [0];
    this.#counts.set(key, counts);
    return counts;
  }
}
