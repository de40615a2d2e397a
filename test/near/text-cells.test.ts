import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_CELL_TEXT, TextCells } from '../../src/near/text-cells.js';

describe('TextCells', () => {
  it('hold what was written last to each slot in use, and count no page that none is in', () => {
    const step = fc.record({ slot: fc.nat({ max: 40 }), text: fc.string({ unit: 'binary', maxLength: 300 }) });
    fc.assert(
      fc.property(fc.array(step), fc.integer({ min: 0, max: 200_000 }), (steps, maxBytes) => {
        const cells = new TextCells(maxBytes);
        const held = new Map<number, string>();
        for (const { slot, text: any } of steps) {
          const text = Buffer.from(any).toString('latin1').slice(0, MAX_CELL_TEXT);
          if (held.has(slot) && any.length % 2 === 0) {
            cells.free(slot);
            held.delete(slot);
          } else {
            if (!held.has(slot)) cells.use(slot);
            cells.write(slot, text);
            held.set(slot, text);
          }
          for (const [of, wanted] of held) expect(cells.read(of, wanted.length)).toBe(wanted);
          expect(cells.bytes).toBeGreaterThanOrEqual(held.size * MAX_CELL_TEXT);
        }
        for (const slot of held.keys()) cells.free(slot);
        expect(cells.bytes).toBe(0);
      }),
    );
  });

  it('take pages that are small against all that may be taken', () => {
    for (const maxBytes of [100_000, 1_000_000, 64 * 1_024 * 1_024, Number.POSITIVE_INFINITY]) {
      const cells = new TextCells(maxBytes);
      cells.use(1);
      expect(cells.bytes).toBe(0);
      cells.write(1, 'v');
      expect(cells.bytes).toBeLessThanOrEqual(Math.min(maxBytes / 50, 300_000));
    }
  });
});
