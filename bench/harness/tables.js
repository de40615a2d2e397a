/** Results as tables of Markdown, which a terminal shows as well. */

import { ratios, spread } from './statistics.js';
import { compact } from './verdicts.js';

/** @param {string[]} head @param {string[][]} rows the first column is words, the others are numbers */
export function table(head, rows) {
  const widths = head.map((title, column) => Math.max(3, title.length, ...rows.map((row) => row[column].length)));
  const line = (cells) =>
    `| ${cells.map((cell, n) => (n === 0 ? cell.padEnd(widths[n]) : cell.padStart(widths[n]))).join(' | ')} |`;
  const dashes = widths.map((width, n) => (n === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(head), line(dashes), ...rows.map(line)].join('\n');
}

const range = ({ low, high }) => `${compact(low)} to ${compact(high)}`;

/** One workload: every row against ringfence, which stands first. */
export function workloadTable({ rows }) {
  const [first] = rows;
  if (first === undefined) return 'Not measured: what it needs is not installed.';
  const head = ['', 'calls/s', 'CPU µs/call', 'p50 µs', 'p99 µs', 'p99.9 µs', `${first.label} is`, 'rounds from, to'];
  const body = rows.map((row) => {
    if (row.out !== undefined) return [`${row.label}: **out**`, ...Array(head.length - 1).fill('')];
    const { label, perSecond, cpuMicrosPerCall, latencyMicros } = row;
    const ratio = spread(ratios(first, row));
    const numbers = [
      perSecond.median,
      cpuMicrosPerCall.median,
      latencyMicros.p50,
      latencyMicros.p99,
      latencyMicros.p999,
    ];
    const compared = row === first || first.out !== undefined ? ['', ''] : [`${compact(ratio.median)} ×`, range(ratio)];
    return [label, ...numbers.map(compact), ...compared];
  });
  return table(head, body);
}

/** Why rows are out, one sentence each. */
export function disqualified({ title, rows }) {
  return rows.filter(({ out }) => out !== undefined).map(({ label, out }) => `${title}: ${label} is out: ${out}`);
}

export function targetTable(verdicts) {
  const head = ['workload', 'compared', 'target', 'measured', 'rounds from, to', ''];
  const body = verdicts.map(({ title, says, limit, median, low, high, verdict, why }) => [
    title,
    says,
    limit,
    median === undefined ? '' : compact(median),
    median === undefined || low === undefined ? '' : range({ low, high }),
    `${verdict === 'met' ? 'met' : `**${verdict}**`}${why === undefined ? '' : ` (${why})`}`,
  ]);
  return table(head, body);
}

/** What protects each contender's calls, once for all workloads. */
export function guardTable(workloads) {
  const guards = new Map(workloads.flatMap(({ rows }) => rows.map(({ label, guards: on }) => [label, on])));
  return table(
    ['contender', 'guards that were on'],
    [...guards].map(([label, on]) => [label, on]),
  );
}
