/** From a curve of hit rates to the figures people compare, and the table of them. */

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

export function tableOf(results, scenarios, { environment, workload, page, memory }) {
  const lines = [
    '# What a change of the ring does to the hit rate',
    '',
    `${workload[0].toUpperCase()}${workload.slice(1)}, 8,000 requests a second, a loader that fills misses, one write in fifty, five ${memory ? 'in-process nodes' : 'nodes (three redis-server, two memcached)'}. Made by \`npm run bench:rebalance\`.`,
    '',
    `${environment.cpu}, Node ${environment.node}, redis-server ${environment.servers['redis-server']}, memcached ${environment.servers.memcached}.`,
    '',
    'A dip is the deepest fall below the hit rate before, in percentage points within a quarter of a second; its area is points times seconds. Keys moved are those whose first owner at the end is not that of before.',
  ];
  for (const codec of new Set(results.map((row) => row.codec))) {
    for (const { name } of scenarios) {
      const rows = results.filter((row) => row.codec === codec && row.scenario === name);
      if (rows.length === 0) continue;
      lines.push(
        '',
        `## ${name}, codec ${codec}`,
        '',
        `![${name}](report/${page}-${codec}-${name.replace(/\W+/g, '-')}.svg)`,
        '',
        '| policy | before | deepest dip | area of the dip | back within 0.5 points | stale reads | errors to callers | reads answered by former owners | keys moved | in theory |',
        '|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|',
      );
      for (const { policy, figures, stale, errors, extraReads, moved, theory } of rows) {
        lines.push(
          `| ${policy} | ${figures.before.toFixed(2)} % | ${figures.dip.toFixed(2)} | ${figures.area.toFixed(1)} | ${figures.recovery} | ${stale} | ${errors} | ${extraReads} | ${(100 * moved).toFixed(1)} % | ${(100 * theory).toFixed(1)} % |`,
        );
      }
    }
  }
  return `${lines.join('\n')}\n`;
}
