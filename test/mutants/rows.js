/** The rows of faults, and the files whose tests bear their numbers. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const COUNTS = { A: 18, B: 13, C: 14, D: 15, E: 11, F: 12, G: 21 };

export function everyRow() {
  return Object.entries(COUNTS).flatMap(([letter, count]) =>
    Array.from({ length: count }, (_, i) => `${letter}${i + 1}`),
  );
}

/** Files with a test whose title begins with the row's number, or is put together from a table that has it. */
export function filesOf(root, row) {
  const folder = join(root, 'test/faults');
  const title = new RegExp(`['"\`]${row}(?: |['"\`])`);
  return readdirSync(folder)
    .filter((file) => file.endsWith('.test.ts') && title.test(readFileSync(join(folder, file), 'utf8')))
    .map((file) => `test/faults/${file}`);
}
