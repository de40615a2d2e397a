/** The figures of all clients as tables, and what the targets say of ours. */

import { environmentLines } from '../harness/environment.js';
import { table } from '../harness/tables.js';

const ATTEMPT_MS = 200;
const SWEEP_ALLOWANCE_MS = 25;
const LEAST_HITS = 0.999;
const MOST_GROWTH = 1.1;

const ms = (value) =>
  value === undefined ? '' : value === null ? 'never' : value >= 100 ? value.toFixed(0) : value.toFixed(2);
const percent = (part, whole) => `${((100 * part) / whole).toFixed(3)} %`;

/** @returns {{ says: string, limit: string, measured: string, isMet: boolean }[]} */
export function judge(figures) {
  const { unsettled, getErrors, hits, gets, p999, othersBefore, othersDuring, olderThanIssued } = figures;
  const limitMs = ATTEMPT_MS + SWEEP_ALLOWANCE_MS;
  const growth = othersDuring / othersBefore;
  return [
    { says: 'calls that never settled', limit: '0', measured: String(unsettled), isMet: unsettled === 0 },
    { says: 'errors to callers of get', limit: '0', measured: String(getErrors), isMet: getErrors === 0 },
    {
      says: 'gets that hit, with the right value',
      limit: `≥ ${percent(LEAST_HITS, 1)}`,
      measured: percent(hits, gets),
      isMet: hits / gets >= LEAST_HITS,
    },
    {
      says: 'answers older than the last set issued before',
      limit: '0',
      measured: String(olderThanIssued),
      isMet: olderThanIssued === 0,
    },
    {
      says: 'p99.9 of all calls, less the delay of the event loop',
      limit: `< ${limitMs} ms`,
      measured: `${ms(p999)} ms`,
      isMet: p999 !== null && p999 < limitMs,
    },
    {
      says: 'usual p99 of calls to the other nodes, during faults to before',
      limit: `≤ ${MOST_GROWTH.toFixed(2)} ×`,
      measured: `${growth.toFixed(2)} × (${ms(othersBefore)} ms before)`,
      isMet: growth <= MOST_GROWTH,
    },
  ];
}

export function reportOf(results, { environment, rate, keys, nodes }) {
  const own = results.filter(({ isOurs }) => isOurs);
  return `${[
    '# What callers notice when a node fails',
    '',
    `${nodes} nodes behind proxies, ${rate.toLocaleString('en')} calls a second over ${keys.toLocaleString('en')} keys whatever becomes of earlier ones, 95 gets to 5 sets; what a get misses is set. A node is killed and brought back empty, another stopped (SIGSTOP) and resumed, another behind 500 ms, another half-open: it holds all bytes and says nothing. Each fault lasts 6 s. Made by \`npm run bench:failover\`.`,
    '',
    ...environmentLines(environment).map((line) => `- ${line}`),
    '',
    '![latency over time](report/failover.svg)',
    '',
    'Latencies are in milliseconds, less what the event loop of the measured process was held up while the call was under way. ringfence keeps two copies and has its default options otherwise; ioredis and memjs have theirs, over one ring that all three share. A usual p99 is the median of the p99s of all half seconds, which a machine that is busy now and then does not move.',
    '',
    ...own.flatMap(({ title, figures }) => [
      `## Targets: ${title}`,
      '',
      table(
        ['', 'target', 'measured', ''],
        judge(figures).map(({ says, limit, measured, isMet }) => [says, limit, measured, isMet ? 'met' : '**missed**']),
      ),
      '',
    ]),
    '## The whole run',
    '',
    table(['', ...results.map(({ title }) => title)], wholeRows(results.map(({ figures }) => figures))),
    '',
    ...(results[0]?.figures.episodes ?? []).flatMap(({ name }, i) => [
      `## ${name}`,
      '',
      'From the fault to the end of the episode; the other nodes only until the fault ends.',
      '',
      table(['', ...results.map(({ title }) => title)], episodeRows(results.map(({ figures }) => figures.episodes[i]))),
      '',
    ]),
  ].join('\n')}`;
}

function wholeRows(all) {
  const row = (says, of) => [says, ...all.map(of)];
  return [
    row('calls', ({ calls }) => String(calls)),
    row('never settled', ({ unsettled }) => String(unsettled)),
    row('gets that hit, with the right value', ({ hits, gets }) => percent(hits, gets)),
    row('gets that missed', ({ misses }) => String(misses)),
    row('gets that failed', ({ getErrors }) => String(getErrors)),
    row('gets older than a set confirmed before', ({ old }) => String(old)),
    row('gets older than a set issued before', ({ olderThanIssued }) => String(olderThanIssued)),
    row('sets that failed or were refused', ({ setErrors, refused }) => String(setErrors + refused)),
    row('p50', ({ p50 }) => ms(p50)),
    row('p99', ({ p99 }) => ms(p99)),
    row('p99.9', ({ p999 }) => ms(p999)),
    row('p99.9 of gets', ({ p999Gets }) => ms(p999Gets)),
    row('p99.9 with the delay of the event loop', ({ p999WithLoop }) => ms(p999WithLoop)),
    row('longest', ({ longest }) => ms(longest)),
    row('usual p99 of calls to the other nodes, before', ({ othersBefore }) => ms(othersBefore)),
    row('usual p99 of calls to the other nodes, during', ({ othersDuring }) => ms(othersDuring)),
    row('p99 of all calls to the other nodes, before', ({ allOthersBefore }) => ms(allOthersBefore)),
    row('p99 of all calls to the other nodes, during', ({ allOthersDuring }) => ms(allOthersDuring)),
  ];
}

function episodeRows(all) {
  const row = (says, of) => [says, ...all.map(of)];
  return [
    row('gets that hit, with the right value', ({ hits, gets }) => percent(hits, gets)),
    row('gets that missed', ({ misses }) => String(misses)),
    row('gets that failed', ({ errors }) => String(errors)),
    row('sets refused', ({ refused }) => String(refused)),
    row('never settled', ({ unsettled }) => String(unsettled)),
    row('p99.9', ({ p999 }) => ms(p999)),
    row('longest', ({ longest }) => ms(longest)),
    row('usual p99 of calls to the other nodes, before', ({ othersBefore }) => ms(othersBefore)),
    row('usual p99 of calls to the other nodes, during', ({ othersDuring }) => ms(othersDuring)),
    row('p99 of all calls to the other nodes, before', ({ allOthersBefore }) => ms(allOthersBefore)),
    row('p99 of all calls to the other nodes, during', ({ allOthersDuring }) => ms(allOthersDuring)),
    row('well again after the fault, s', ({ wellAfterMs }) =>
      wellAfterMs === undefined ? 'not within the run' : (wellAfterMs / 1_000).toFixed(1),
    ),
  ];
}
