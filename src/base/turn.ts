/**
 * The turn of the event loop as a unit of work: everything asked of a node in one turn leaves together at its end.
 *
 * One `setSoon` a turn serves all, however many members ask. The end of the turn comes after the input of all sockets was
 * read, so the replies of several nodes feed one batch each instead of several small ones.
 */

import type { Clock } from './clock.js';

export interface TurnMember {
  endTurn(now: number): void;
}

export class Turn {
  readonly clock: Clock;
  /** Monotonic time at the end of the last turn that asked anything of a node: coarse, and free to read. */
  now = 0;
  #members: TurnMember[] = [];
  readonly #end = (): void => {
    const members = this.#members;
    this.#members = [];
    const now = this.clock.now();
    this.now = now;
    for (let i = 0; i < members.length; i++) members[i]?.endTurn(now);
  };

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Calls `member.endTurn` once, when this turn ends; the member asks once a turn. */
  join(member: TurnMember): void {
    if (this.#members.push(member) === 1) this.clock.setSoon(this.#end);
  }
}
