/** The page of figures: a table for each scenario over the Zipf law, and one for each real trace. */

import { basename } from 'node:path';
import { table } from '../harness/tables.js';
import { STALL_MS } from './measure.js';

/** What is known of the traces that were measured; others are named by their file alone. */
const TRACES = {
  'cache2k-web07': 'HTTP requests of a product page, July 2013',
  'cache2k-web12': 'HTTP requests of a product page, December 2013',
  'cache2k-orm-busy-500k': 'The first accesses of objects in the database of a shop',
};

const HEAD = [
  'policy',
  'before',
  'deepest dip',
  'area of the dip',
  'back within 0.5 points',
  'stale reads',
  'errors to callers',
  'reads answered by former owners',
  'keys moved',
  'in theory',
];

const numbered = (count) => count.toLocaleString('en');
const percent = (share) => `${(100 * share).toFixed(1)} %`;

/** @param {{ zipf?: object, traces?: object }} reports what the last run of either kind found */
export function pageOf({ zipf, traces }) {
  const lines = [
    '# What a change of the ring does to the hit rate',
    '',
    '8,000 requests a second, a loader that fills misses, one write in fifty, five nodes (three redis-server, two memcached). Made by `npm run bench:rebalance`.',
    '',
    `A dip is the deepest fall below the hit rate before, in percentage points within a quarter of a second; its area is points times seconds. Keys moved are those whose first owner at the end is not that of before. A run during which the machine kept a thread waiting for more than ${STALL_MS} ms, half of what one attempt may take, is made again, up to twice; where none was quieter, the figure has a star.`,
  ];
  if (zipf !== undefined) lines.push(...zipfSection(zipf));
  if (traces !== undefined) lines.push(...traceSection(traces));
  return `${lines.join('\n')}\n`;
}

export const plotFile = ({ codec, scenario }) => `rebalance-${codec}-${scenario.replace(/\W+/g, '-')}.svg`;

function machine({ environment, memory }) {
  const nodes = memory
    ? 'in-process nodes'
    : `redis-server ${environment.servers['redis-server']}, memcached ${environment.servers.memcached}`;
  return `${environment.cpu}, Node ${environment.node}, ${nodes}.`;
}

function zipfSection({ keys, results, ...report }) {
  const lines = ['', '## Zipf', '', `Zipf 0.99 over ${numbered(keys)} keys. ${machine(report)}`];
  for (const [first, ...others] of groupsOf(results, ({ codec, scenario }) => `${codec} ${scenario}`)) {
    const { codec, scenario } = first;
    lines.push(
      '',
      `### ${scenario}, codec ${codec}`,
      '',
      `![${scenario}](report/${plotFile(first)})`,
      '',
      table(HEAD, [first, ...others].map(cellsOf)),
    );
  }
  return lines;
}

function cellsOf({ policy, figures, stalledMs, stale, errors, extraReads, moved, theory }) {
  return [
    policy,
    `${figures.before.toFixed(2)} %`,
    dipOf({ figures, stalledMs }),
    figures.area.toFixed(1),
    figures.recovery,
    ...[stale, errors, extraReads].map(String),
    percent(moved),
    percent(theory),
  ];
}

/** Deepest dips only: what else there is to say of a policy is the same as over the Zipf law. */
function traceSection({ results, ...report }) {
  const lines = [
    '',
    '## Real traces',
    '',
    `Requests as they were really made, from the beginning of a trace, and over again where it ends; the loader's values as above. Each cell is the deepest dip in points, and how many reads were stale, if any were. ${machine(report)}`,
    '',
    'Made by `npm run bench:rebalance -- --trace path/to/trace.gz --trace …` (one key a line). The traces are those of cache2k (headissue GmbH, Jens Wilke; CC BY 4.0), which ben-manes/caffeine carries with its simulator.',
  ];
  for (const rows of groupsOf(results, ({ trace }) => trace)) {
    const [{ trace, keys, requests }] = rows;
    const about = TRACES[trace] === undefined ? '' : `${TRACES[trace]}: `;
    const policies = [...new Set(rows.map(({ policy }) => policy))];
    lines.push(
      '',
      `### ${trace}`,
      '',
      `${about}${numbered(requests)} requests for ${numbered(keys)} keys.`,
      '',
      table(
        ['', ...policies],
        groupsOf(rows, ({ scenario }) => scenario).map((of) => [of[0].scenario, ...of.map(besidesOf)]),
      ),
    );
  }
  return lines;
}

function dipOf({ figures, stalledMs = 0 }) {
  return `${figures.dip.toFixed(2)}${stalledMs > STALL_MS ? '*' : ''}`;
}

function besidesOf(row) {
  const { stale, errors } = row;
  return [dipOf(row), stale > 0 && `${stale} stale`, errors > 0 && `${errors} errors`].filter(Boolean).join(', ');
}

function groupsOf(rows, keyOf) {
  const groups = new Map();
  for (const row of rows) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), row]);
  return [...groups.values()];
}

export const traceName = (file) => basename(file).replace(/\.(txt|csv|trace)?(\.gz)?$/, '');
