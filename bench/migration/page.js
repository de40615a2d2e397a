/** The page of figures, and a curve of hit rates with the percentage cut over. */

import { hitRates } from '../harness/hit-rates.js';
import { table } from '../harness/tables.js';

const COLOURS = ['#c0392b', '#2471a3', '#1e8449'];

export function plotMigration(title, rows, bucketMs, beganMs) {
  return hitRates({
    title,
    height: 400,
    colours: COLOURS,
    bucketMs,
    mark: { atMs: beganMs, label: 'begins' },
    curves: rows.map(({ way, rates }) => ({ name: way, rates, width: 2 })),
    percents: { name: 'cut over', points: rows.find(({ percents }) => percents.length > 0)?.percents ?? [] },
  });
}

export function pageOf(results, foreign, { environment, keys }) {
  const lines = [
    '# From the placement of memjs to the own ring, under load',
    '',
    `${keys.toLocaleString('en')} keys on real memcached servers, Zipf 0.99, 8,000 requests a second, a loader that fills misses, one write in fifty. With codec string the values were stored by memjs itself, without a namespace (\`carry: 'all'\`); with codec json by ringfence in the placement of memjs. A window of 30 s in 10 steps, then \`promote()\`. Made by \`npm run bench:migration\`.`,
    '',
    `${environment.cpu}, Node ${environment.node}, memcached ${environment.servers.memcached}, memjs ${environment.packages.memjs}.`,
    '',
    'A dip is the deepest fall below the hit rate before, in percentage points within a quarter of a second. Stale is a read of a value older than one that this process had issued before the read began.',
  ];
  for (const scenario of new Set(results.map((row) => row.scenario))) {
    lines.push(
      '',
      `## ${scenario}`,
      '',
      `![${scenario}](report/migration-${slug(scenario)}.svg)`,
      '',
      table(
        [
          'way',
          'before',
          'deepest dip',
          'stale reads',
          'errors to callers',
          'p50 before / during, ms',
          'p99 before / during, ms',
          'served by the old place',
          'carried over',
          'promoted after',
        ],
        results.filter((row) => row.scenario === scenario).map(cellsOf),
      ),
    );
  }
  lines.push(
    '',
    '## While memjs still writes to the old placement',
    '',
    'memjs and ringfence write the same 2,000 keys in turn, and ringfence reads them. Hidden is a read that began after memjs had its answer, and got something older. `copy-forward` is there to show what `read-through` is for.',
    '',
    table(
      ['mode', 'writes by memjs', 'writes by ringfence', 'reads', 'hits', 'writes of memjs hidden', 'copied', 'errors'],
      foreign.map(({ mode, foreignWrites, ownWrites, reads, hits, hidden, copied, errors }) =>
        [mode, foreignWrites, ownWrites, reads, hits, hidden, copied, errors].map(String),
      ),
    ),
  );
  return `${lines.join('\n')}\n`;
}

function cellsOf({ way, figures, stale, errors, before, during, servedByOld, moved, promotedAfterMs }) {
  const pair = (name) => `${before[name].toFixed(2)} / ${during[name].toFixed(2)}`;
  return [
    way,
    `${figures.before.toFixed(2)} %`,
    figures.dip.toFixed(2),
    `${stale}`,
    `${errors}`,
    pair('p50Ms'),
    pair('p99Ms'),
    `${servedByOld ?? ''}`,
    `${moved ?? ''}`,
    promotedAfterMs === undefined ? '' : `${(promotedAfterMs / 1_000).toFixed(1)} s`,
  ];
}

export function slug(name) {
  return name.replace(/\W+/g, '-');
}
