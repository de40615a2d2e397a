import { describe, expect, it } from 'vitest';
import { scanKeys } from '../../../src/driver/redis/scan.js';

/** Answers one page after another, each with the cursor of the next. */
const serving = (pages: readonly string[][]) => ({
  ask: async ([, cursor]: readonly string[]) => {
    const at = Number(cursor);
    const keys = pages[at] ?? [];
    return [Buffer.from(at + 1 < pages.length ? String(at + 1) : '0'), keys.map((key) => Buffer.from(key))];
  },
});

describe('the walk over keys by SCAN', () => {
  it('tells every answer of the server, be it empty: whoever waits for a page sees that the walk goes on', async () => {
    const told: string[][] = [];
    for await (const page of scanKeys(serving([[], ['n:a', 'other'], [], ['n:b']]), 'n:')) told.push(page);
    expect(told).toEqual([[], ['n:a'], [], ['n:b']]);
  });
});
