import { describe, expect, it } from 'vitest';
import type { StalenessRule } from '../../src/base/staleness-rules.js';
import { MigrationWorld } from './migration-world.js';

const FIRST = Number(process.env.MODEL_SEED ?? 1);
const COUNT = Number(process.env.MODEL_SEEDS ?? 80);
/** Worlds under way at once: they share the turns of the event loop that each of them waits for. */
const CONCURRENCY = 16;

interface Outcome {
  readonly failure: string | undefined;
  readonly promisedHits: number;
}

/** Runs the seeds in order until one fails. */
async function runSeeds(count: number, rules: ReadonlySet<StalenessRule> = new Set()): Promise<Outcome> {
  let next = FIRST;
  let promisedHits = 0;
  let failure: string | undefined;
  const work = async (): Promise<void> => {
    while (next < FIRST + count && failure === undefined) {
      const seed = next++;
      const world = new MigrationWorld(seed, rules);
      await world.run();
      await world.end();
      promisedHits += world.promisedHits;
      if (world.violations.length > 0) failure ??= [`seed ${seed}`, ...world.violations, ...world.trail].join('\n');
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return { failure, promisedHits };
}

describe('random calls and faults while keys migrate up and down between two placements', () => {
  it(`keep every promise for ${COUNT} seeds`, { timeout: 1_800_000 }, async () => {
    const { failure, promisedHits } = await runSeeds(COUNT);
    if (failure !== undefined) expect.fail(failure);
    expect(promisedHits).toBeGreaterThan(COUNT * 5);
  });

  it('break some where floors are not kept', { timeout: 1_800_000 }, async () => {
    const { failure } = await runSeeds(COUNT, new Set(['R3']));
    expect(failure).toMatch(/^seed \d+\nat/);
  });
});
