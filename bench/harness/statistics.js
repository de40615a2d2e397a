/** Medians and spreads of what was measured round by round. */

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** @returns {{ median: number, low: number, high: number }} the middle, and the extremes of all rounds */
export function spread(numbers) {
  return { median: median(numbers), low: Math.min(...numbers), high: Math.max(...numbers) };
}

/** The ratio of two rows in each round that both finished, by `measure` of a round's result. */
export function ratios(row, reference, measure = 'perSecond') {
  return row.rounds.flatMap((result, round) => {
    const other = reference.rounds[round];
    return result === undefined || other === undefined ? [] : [result[measure] / other[measure]];
  });
}
