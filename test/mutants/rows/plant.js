/** A planted fault: each edit is a text that occurs exactly once in its file, and what takes its place. */
export function plant(row, name, file, ...edits) {
  return {
    row,
    name,
    file: `src/${file}`,
    edits: edits.map(([from, to, other = file]) => ({ from, to, file: `src/${other}` })),
  };
}
