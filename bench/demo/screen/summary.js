/** The closing table: what each change of the ring did to the hit rate, and how many keys it moved. */

import { count, percent } from './figures.js';
import { left, right, widthOf } from './style.js';

const COLUMNS = [
  { head: 'change', of: ({ name }) => name },
  { head: 'before', group: 'hit rate, %', of: ({ before }) => rate(before.hitRate) },
  { head: 'during', group: 'hit rate, %', of: ({ during }) => rate(during.hitRate) },
  { head: 'after', group: 'hit rate, %', of: ({ after }) => rate(after.hitRate) },
  { head: 'moved', group: 'keys', of: ({ moved }) => count(moved) },
  { head: 'K/N', group: 'keys', of: ({ theory }) => count(theory) },
  { head: 'replica', group: 'reads answered by', of: ({ byReplica }) => count(byReplica) },
  { head: 'former', group: 'reads answered by', of: ({ byFormer }) => count(byFormer) },
  { head: 'fallback', group: 'reads answered by', of: ({ byFallback }) => count(byFallback) },
  { head: 'stale', of: ({ stale }) => count(stale) },
];
const GAPS = [3, 2, 1];

/** The last column is left out where there is no room: the verdict says the same of all changes together. */
export function summaryTable(rows, width, style) {
  if (rows.length === 0) return [];
  return tableOf(COLUMNS, rows, width, style) ?? tableOf(COLUMNS.slice(0, -1), rows, Number.POSITIVE_INFINITY, style);
}

function tableOf(columns, rows, width, style) {
  const cells = [columns.map(({ head }) => head), ...rows.map((row) => columns.map(({ of }) => of(row)))];
  const widths = columns.map((_, column) => Math.max(...cells.map((line) => widthOf(line[column]))));
  const widthAt = (gap) => widths.reduce((sum, each) => sum + each + gap, -gap);
  const gap = Number.isFinite(width) ? GAPS.find((each) => widthAt(each) <= width) : 1;
  if (gap === undefined) return undefined;
  const line = (texts) =>
    texts.map((text, column) => (column === 0 ? left(text, widths[0]) : right(text, widths[column] + gap))).join('');
  const [head, ...body] = cells;
  const rule = style.dim('─'.repeat(widthAt(gap)));
  return [
    style.dim(groupLine(columns, widths, gap)),
    style.bold(line(head)),
    rule,
    ...body.map((texts, i) => line(texts.map((text, column) => painted(text, columns[column].head, rows[i], style)))),
    rule,
  ];
}

/** The names of groups, each in the middle above its columns. */
function groupLine(columns, widths, gap) {
  const groups = [];
  columns.forEach(({ group = '' }, column) => {
    const last = groups.at(-1);
    if (last?.group === group && group !== '') last.width += gap + widths[column];
    else groups.push({ group, width: widths[column] });
  });
  return groups
    .map(({ group, width }) => centre(group, width))
    .join(' '.repeat(gap))
    .trimEnd();
}

/** Sentences below the table. */
export function verdict({ rows, total, keyCount }, style) {
  const isGood = total.stale === 0 && total.wrong === 0;
  const found = `${count(total.reads)} reads checked: ${count(total.stale)} stale, ${count(total.wrong)} wrong`;
  const lines = [isGood ? `${style.good('✔')} ${style.bold(found)}` : `${style.bad('✖')} ${style.bad(found)}`];
  const away = total.unconfirmed === 0 ? '' : `, ${count(total.unconfirmed)} while an owner of the key was away`;
  lines.push(`  ${count(total.writes)} writes${away}`);
  const joined = rows.find(({ kind }) => kind === 'add');
  if (joined !== undefined && joined.nodesBefore > 2) {
    // A key stays under modulo if it has the same remainder by N and by N + 1: N of N (N + 1) remainders.
    const modulo = percent(joined.nodesBefore / (joined.nodesBefore + 1), 0);
    const moved = percent(joined.moved / keyCount, 1);
    lines.push(`  the new node moved ${moved} of the keys; by modulo it would have been ${modulo}`);
  }
  return lines;
}

function painted(text, head, row, style) {
  if (head === 'before' || head === 'during' || head === 'after')
    return (row[head].hitRate > 0.999 ? style.good : row[head].hitRate > 0.9 ? style.warn : style.bad)(text);
  if (head === 'stale') return (row.stale === 0 ? style.good : style.bad)(text);
  return text;
}

function rate(share) {
  return percent(share).replace(' %', '');
}

function centre(text, width) {
  const before = Math.floor((width - widthOf(text)) / 2);
  return left(`${' '.repeat(Math.max(0, before))}${text}`, width);
}
