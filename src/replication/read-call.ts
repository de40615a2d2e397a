/** What a call asks of a read. */

import type { Lane } from '../node/lane.js';
import type { ReadPreference } from '../routing/owner-walk.js';

/** How one call may be answered. */
export interface ReadCall {
  readonly totalMs: number;
  readonly lane: Lane;
  /** Which owner is asked first. */
  readonly prefer: ReadPreference;
  /** Whether a miss at one owner asks the next one. */
  readonly asksNextOnMiss: boolean;
}
