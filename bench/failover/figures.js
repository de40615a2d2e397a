/** From the calls of a run to what the targets ask: over the whole run, by episode, and over time. */

import { median } from '../harness/statistics.js';
import { GET, OUTCOMES } from './load.js';

const BUCKET_MS = 500;
const never = Number.POSITIVE_INFINITY;

/**
 * @param {import('./load.js').Load} load
 * @param {{ name: string, node: number, beforeAt: number, faultAt: number, healedAt: number, endAt: number }[]} episodes
 */
export function figuresOf(load, episodes) {
  const { kind, at, outcome } = load;
  const from = episodes[0].beforeAt;
  const to = episodes.at(-1).endAt;
  const ran = [];
  for (let n = 0; n < at.length; n++) if (at[n] >= from && at[n] < to) ran.push(n);
  const nodesOf = places(load);
  const settled = (n) => (load.ms[n] < 0 ? never : load.ms[n]);
  const less = (n) => (load.ms[n] < 0 ? never : load.ms[n] - load.lostMs[n]);
  const gets = ran.filter((n) => kind[n] === GET);
  const sets = ran.filter((n) => kind[n] !== GET);
  const counted = (list, name) => {
    const wanted = OUTCOMES.indexOf(name);
    return list.reduce((sum, n) => sum + (outcome[n] === wanted ? 1 : 0), 0);
  };
  const asked = episodes.map((episode) => {
    const { node, beforeAt, faultAt, healedAt, endAt } = episode;
    const elsewhere = (n) => isElsewhere(nodesOf(load.key[n]), kind[n], node);
    const before = ran.filter((n) => at[n] >= beforeAt && at[n] < faultAt && elsewhere(n));
    const during = ran.filter((n) => at[n] >= faultAt && at[n] < healedAt && elsewhere(n));
    const within = ran.filter((n) => at[n] >= faultAt && at[n] < endAt);
    const ofGets = within.filter((n) => kind[n] === GET);
    return {
      name: episode.name,
      before,
      during,
      othersBefore: usualP99(before, at, less),
      othersDuring: usualP99(during, at, less),
      allOthersBefore: quantile(before.map(less), 0.99),
      allOthersDuring: quantile(during.map(less), 0.99),
      gets: ofGets.length,
      hits: counted(ofGets, 'hit'),
      misses: counted(ofGets, 'miss'),
      errors: counted(ofGets, 'error'),
      refused: counted(within, 'refused'),
      p999: quantile(within.map(less), 0.999),
      longest: quantile(within.map(less), 1),
      unsettled: counted(within, 'unsettled'),
      wellAfterMs: episode.wellAt === undefined ? undefined : episode.wellAt - healedAt,
    };
  });
  return {
    calls: ran.length,
    gets: gets.length,
    sets: sets.length,
    unsettled: counted(ran, 'unsettled'),
    getErrors: counted(gets, 'error'),
    setErrors: counted(sets, 'error'),
    refused: counted(sets, 'refused'),
    hits: counted(gets, 'hit'),
    misses: counted(gets, 'miss'),
    old: counted(gets, 'old'),
    olderThanIssued: load.olderThanIssued,
    p50: quantile(ran.map(less), 0.5),
    p99: quantile(ran.map(less), 0.99),
    p999: quantile(ran.map(less), 0.999),
    p999Gets: quantile(gets.map(less), 0.999),
    p999WithLoop: quantile(ran.map(settled), 0.999),
    longest: quantile(ran.map(less), 1),
    othersBefore: usualP99(pooled(asked, 'before'), at, less),
    othersDuring: usualP99(pooled(asked, 'during'), at, less),
    allOthersBefore: quantile(pooled(asked, 'before').map(less), 0.99),
    allOthersDuring: quantile(pooled(asked, 'during').map(less), 0.99),
    errors: Object.fromEntries(load.errors),
    episodes: asked.map(({ before: _, during: __, ...rest }) => rest),
    timeline: timelineOf(load, ran, from, less),
  };
}

/** Calls to other nodes in all episodes together: more of them than in any one, and so less by chance. */
function pooled(episodes, which) {
  return episodes.flatMap((episode) => episode[which]);
}

/**
 * The median of the p99s of all half seconds: what a busy machine does to a few of them does not count, what a fault does
 * to the calls while it lasts does.
 */
function usualP99(calls, at, measure) {
  const buckets = new Map();
  for (const n of calls) {
    const bucket = Math.floor(at[n] / BUCKET_MS);
    if (buckets.has(bucket)) buckets.get(bucket).push(measure(n));
    else buckets.set(bucket, [measure(n)]);
  }
  return median([...buckets.values()].map((values) => quantile(values, 0.99)));
}

/** A get goes to the first owner; a set goes to all. */
function isElsewhere(owners, kind, node) {
  return kind === GET ? owners[0] !== node : !owners.includes(node);
}

function places(load) {
  const known = new Map();
  return (i) => {
    let found = known.get(i);
    if (found === undefined) known.set(i, (found = load.nodesOf(i)));
    return found;
  };
}

function timelineOf(load, ran, from, measure) {
  const buckets = [];
  for (const n of ran) (buckets[Math.floor((load.at[n] - from) / BUCKET_MS)] ??= []).push(measure(n));
  return Array.from(buckets, (values = [], i) => ({
    second: (i * BUCKET_MS) / 1_000,
    p50: finite(quantile(values, 0.5)),
    p99: finite(quantile(values, 0.99)),
    longest: finite(quantile(values, 1)),
  }));
}

/** What never settled cannot be drawn. */
function finite(value) {
  return value === undefined || value === never ? null : value;
}

/** The least value that so great a share does not exceed; `null` stands for never in what travels as JSON. */
function quantile(values, share) {
  if (values.length === 0) return undefined;
  const sorted = Float64Array.from(values).sort();
  return finite(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]);
}
