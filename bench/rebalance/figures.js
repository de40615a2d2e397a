/** From a curve of hit rates to the figures people compare. */

/** Rates in percent by bucket; `null` where nothing was read. */
export function figuresOf(rates, bucketMs, eventMs) {
  const at = Math.floor(eventMs / bucketMs);
  const known = (list) => list.filter((rate) => rate !== null);
  const earlier = known(rates.slice(1, at));
  const before = earlier.reduce((sum, rate) => sum + rate, 0) / Math.max(1, earlier.length);
  const after = rates.slice(at);
  const lowest = Math.min(before, ...known(after));
  // Percentage points times seconds below what it was before.
  const area = known(after).reduce((sum, rate) => sum + Math.max(0, before - rate), 0) * (bucketMs / 1_000);
  const lastLow = after.reduce((last, rate, i) => (rate !== null && rate < before - 0.5 ? i : last), -1);
  const isBack = lastLow < after.length - 1;
  return {
    before,
    dip: before - lowest,
    area,
    recovery:
      lastLow < 0 ? 'no dip' : isBack ? `${(((lastLow + 1) * bucketMs) / 1_000).toFixed(2)} s` : 'not within the run',
  };
}
