/** Runs schedules, several at once, and shrinks those that fail. */

import type { StalenessRule } from '../../src/base/staleness-rules.js';
import { type Bias, describe, type Schedule, type Step, scheduleOf } from './schedule.js';
import { World } from './world.js';

export interface RunOptions {
  readonly disabledRules?: ReadonlySet<StalenessRule>;
  readonly bias?: Bias;
}

export interface Outcome {
  readonly violations: readonly string[];
  readonly promisedHits: number;
  readonly simulatedMs: number;
}

/** Worlds under way at once: they share the turns of the event loop that each of them waits for. */
const CONCURRENCY = 16;

export async function runSchedule(schedule: Schedule, options: RunOptions = {}): Promise<Outcome> {
  const world = new World(schedule.config, options.disabledRules ?? new Set());
  try {
    for (const step of schedule.steps) {
      await world.do(step);
      if (world.violations.length > 0) break;
    }
  } catch (error) {
    world.says(`the schedule itself failed: ${error instanceof Error ? error.stack : String(error)}`);
  }
  await world.end();
  return { violations: world.violations, promisedHits: world.promisedHits, simulatedMs: world.clock.now() };
}

export interface SeedsOutcome {
  readonly failing: { readonly seed: number; readonly violations: readonly string[] } | undefined;
  readonly seeds: number;
  readonly promisedHits: number;
  readonly simulatedMs: number;
}

/** Runs the seeds in order until one fails. */
export async function runSeeds(first: number, count: number, options: RunOptions = {}): Promise<SeedsOutcome> {
  let next = first;
  let seeds = 0;
  let promisedHits = 0;
  let simulatedMs = 0;
  let failing: SeedsOutcome['failing'];
  const work = async (): Promise<void> => {
    while (failing === undefined && next < first + count) {
      const seed = next++;
      const outcome = await runSchedule(scheduleOf(seed, options.bias), options);
      seeds++;
      promisedHits += outcome.promisedHits;
      simulatedMs += outcome.simulatedMs;
      if (outcome.violations.length > 0) failing ??= { seed, violations: outcome.violations };
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return { failing, seeds, promisedHits, simulatedMs };
}

/** Leaves out steps as long as the schedule still fails: halves first, then ever smaller parts. */
export async function shrink(schedule: Schedule, options: RunOptions = {}): Promise<Schedule> {
  let steps: readonly Step[] = schedule.steps;
  for (let size = Math.ceil(steps.length / 2); size >= 1; ) {
    let isSmaller = false;
    for (let from = 0; from < steps.length; from += size) {
      const rest = [...steps.slice(0, from), ...steps.slice(from + size)];
      const { violations } = await runSchedule({ ...schedule, steps: rest }, options);
      if (violations.length === 0) continue;
      steps = rest;
      isSmaller = true;
      from -= size;
    }
    if (size === 1 && !isSmaller) break;
    size = size === 1 ? 1 : Math.floor(size / 2);
  }
  return { ...schedule, steps };
}

/** What to say of a seed that failed. */
export async function report(seed: number, options: RunOptions = {}): Promise<string> {
  const shrunk = await shrink(scheduleOf(seed, options.bias), options);
  const { violations } = await runSchedule(shrunk, options);
  return `seed ${seed} fails:\n${violations.join('\n')}\n${describe(shrunk)}`;
}
