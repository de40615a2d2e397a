import { describe, expect, it } from 'vitest';
import { report, runSeeds } from './run.js';

const FIRST = Number(process.env.MODEL_SEED ?? 1);
const COUNT = Number(process.env.MODEL_SEEDS ?? 1_000);

describe('random schedules of faults and ring changes', () => {
  it(`keep every promise for ${COUNT} seeds`, { timeout: 1_800_000 }, async () => {
    const began = performance.now();
    const { failing, seeds, promisedHits, simulatedMs } = await runSeeds(FIRST, COUNT);
    if (failing !== undefined) expect.fail(await report(failing.seed));
    const seconds = (performance.now() - began) / 1_000;
    console.log(
      `${seeds} seeds, ${Math.round(simulatedMs / 1_000)} s simulated in ${seconds.toFixed(1)} s, ${promisedHits} promised hits`,
    );
    expect(promisedHits).toBeGreaterThan(COUNT * 10);
  });
});
