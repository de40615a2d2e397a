import { describe, expect, it } from 'vitest';
import { MigrationWorld } from './migration-world.js';

const FIRST = Number(process.env.MODEL_SEED ?? 1);
const COUNT = Number(process.env.MODEL_SEEDS ?? 150);
/** Worlds under way at once: they share the turns of the event loop that each of them waits for. */
const CONCURRENCY = 16;

describe('random calls and faults while keys migrate up and down between two placements', () => {
  it(`keep every promise for ${COUNT} seeds`, { timeout: 600_000 }, async () => {
    let next = FIRST;
    let promisedHits = 0;
    let failure: string | undefined;
    const work = async (): Promise<void> => {
      while (next < FIRST + COUNT && failure === undefined) {
        const seed = next++;
        const world = new MigrationWorld(seed);
        await world.run();
        await world.end();
        promisedHits += world.promisedHits;
        if (world.violations.length > 0)
          failure ??= [`seed ${seed}`, ...world.violations, world.trail[0], ...world.trail.slice(1)].join('\n');
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, work));
    if (failure !== undefined) expect.fail(failure);
    expect(promisedHits).toBeGreaterThan(COUNT * 5);
  });
});
