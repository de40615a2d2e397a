import { describe, expect, it } from 'vitest';
import { MUTANTS } from './mutants.js';
import { runSeeds } from './run.js';

const SEEDS = 1_000;

describe('the model', () => {
  for (const { name, rules = [], plant, bias = {} } of MUTANTS) {
    it(`notices when ${name}`, { timeout: 300_000 }, async () => {
      const takeOut = plant?.();
      try {
        const { failing, seeds } = await runSeeds(1, SEEDS, { disabledRules: new Set(rules), bias });
        console.log(`${name}: ${seeds} seeds, ${failing?.seed ?? '-'}: ${failing?.violations[0] ?? 'unnoticed'}`);
        expect(failing).toBeDefined();
      } finally {
        takeOut?.();
      }
    });
  }
});
