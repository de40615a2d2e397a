/** A planted fault: `edits` are pairs of a text that occurs exactly once in the file, and what takes its place. */
export function plant(row, name, file, ...edits) {
  return { row, name, file: `src/${file}`, edits };
}
