/** The page of figures, and a curve of hit rates with the percentage cut over, as an SVG for light and dark pages alike. */

import * as echarts from 'echarts';
import { table } from '../harness/tables.js';

const COLOURS = ['#c0392b', '#2471a3', '#1e8449'];
const INK = '#7f8c8d';

const axisText = { axisLabel: { color: INK }, nameTextStyle: { color: INK } };

export function plotMigration(title, rows, bucketMs, beganMs) {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: 900, height: 400 });
  const lowest = Math.min(...rows.flatMap(({ rates }) => rates.filter((rate) => rate !== null)));
  const ramp = rows.find(({ percents }) => percents.length > 0)?.percents ?? [];
  chart.setOption({
    animation: false,
    color: COLOURS,
    title: { text: title, left: 'center', top: 0, textStyle: { color: INK } },
    legend: { top: 30, textStyle: { color: INK } },
    grid: { left: 60, right: 60, top: 70, bottom: 50 },
    xAxis: { type: 'value', name: 'seconds', nameLocation: 'middle', nameGap: 28, ...axisText },
    yAxis: [
      { type: 'value', name: 'hit rate, %', min: Math.max(0, Math.floor(lowest - 1)), max: 100, ...axisText },
      { type: 'value', name: 'cut over, %', min: 0, max: 100, splitLine: { show: false }, ...axisText },
    ],
    series: [
      ...rows.map(({ way, rates }, i) => ({
        type: 'line',
        name: way,
        showSymbol: false,
        lineStyle: { width: 2 },
        data: rates.map((rate, bucket) => [(bucket * bucketMs) / 1_000, rate]).filter(([, rate]) => rate !== null),
        markLine:
          i === 0
            ? {
                symbol: 'none',
                silent: true,
                label: { formatter: 'begins', color: INK },
                lineStyle: { color: INK },
                data: [{ xAxis: beganMs / 1_000 }],
              }
            : undefined,
      })),
      {
        type: 'line',
        name: 'cut over (right)',
        yAxisIndex: 1,
        step: 'end',
        showSymbol: false,
        lineStyle: { width: 1, type: 'dashed', color: INK },
        itemStyle: { color: INK },
        data: ramp,
      },
    ],
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
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
