/**
 * Sequences that chance alone would seldom play. Other steps come in between, so no two are alike.
 */

import type { StepName } from './schedule.js';

/** `key` where the step has to be about that one. */
export type Story = readonly (readonly [StepName, afterMs: number, key?: number])[];

export const STORIES = {
  /** A hung node executes writes after it has confirmed newer ones. */
  zombie: [
    ['hang', 20],
    ['setAll', 10],
    ['awakeLate', 110],
    ['setAll', 130],
    ['runAbandoned', 60],
    ['getAll', 10],
  ],
  /** A node misses writes and comes back with its old data. */
  rollback: [
    ['setAll', 10],
    ['save', 20],
    ['kill', 10],
    ['setAll', 130],
    ['restartOld', 60],
    ['getAll', 200],
    ['getAll', 100],
  ],
  /** Entries about to expire are copied to a newcomer, and looked for when their time is up. */
  expiry: [
    ['setAllBriefly', 10],
    ['addNode', 30],
    ['getAll', 20],
    ['getAll', 40],
    ['getAll', 1_200],
  ],
  /** Keys are written while they are copied to a newcomer. */
  race: [
    ['setAll', 10],
    ['addNode', 30],
    ['getAll', 1],
    ['setAll', 2],
    ['getAll', 20],
    ['setAll', 80],
    ['getAll', 10],
    ['getAll', 30],
  ],
  /** A node that lost its arcs before they were emptied gets them back, with what it held then. */
  resurface: [
    ['setAll', 10],
    ['reweight', 20, 0],
    ['endHandoff', 0],
    ['setAll', 20],
    ['reweight', 10, 2],
    ['endHandoff', 10],
    ['getAll', 5],
    ['getAll', 10],
  ],
  /** All is well, a newcomer gets its share, and what it got is looked for when nobody else has it any more. */
  moved: [
    ['calm', 0],
    ['planned', 0],
    ['setAll', 10],
    ['addNode', 30],
    ['getAll', 1_500],
  ],
  /** A node misses deletes and writes, and conditions are put to it as soon as it is back. */
  conditions: [
    ['setAll', 10],
    ['incrementAll', 10],
    ['refuse', 10],
    ['cut', 0],
    ['deleteAll', 10],
    ['heal', 60],
    ['incrementAll', 5],
    ['addAll', 5],
  ],
} as const satisfies Readonly<Record<string, Story>>;

export type StoryName = keyof typeof STORIES;

/** Told by chance; the others where a schedule is biased to them. */
export const COMMON: readonly StoryName[] = ['zombie', 'rollback', 'race'];
