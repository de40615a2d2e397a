/** Which results are drawn, and how. */

import { bars, lines, stacked } from './charts.js';
import { ratios, spread } from './statistics.js';
import { compact } from './verdicts.js';

const perSecond = (value) => (value >= 1e6 ? `${(value / 1e6).toFixed(1)} M` : `${Math.round(value / 1_000)} k`);
const times = (value) => `${value >= 10 ? value.toFixed(0) : value.toFixed(1)} ×`;
const micros = (value) => `${compact(value)} µs`;

/** Ringfence first, what no client can reach last, the others from fast to slow. */
function inOrder(rows) {
  const place = ({ label }) => (label.startsWith('ringfence') ? 0 : label.startsWith('raw sockets') ? 2 : 1);
  return [...rows].sort((a, b) => place(a) - place(b) || b.perSecond.median - a.perSecond.median);
}

const finished = ({ rows }) =>
  inOrder(rows.filter(({ out, perSecond: rate }) => out === undefined && rate !== undefined));

/** The one picture: what people use today, and ringfence, in the same run. */
export function overview(workloads) {
  const charts = ['redis', 'memcached'].flatMap((backend) => {
    const workload = workloads.find(({ id }) => id === `${backend}-get-100-256`);
    if (workload === undefined) return [];
    const rows = finished(workload).map(({ label, perSecond: rate }) => ({ label, ...rate }));
    const subtitle = 'calls a second, median of all rounds; the line spans the rounds';
    return [bars({ title: workload.title, subtitle, rows, format: perSecond })];
  });
  return stacked(charts);
}

/** How many times as fast ringfence is, round by round. */
export function ratioChart(workload) {
  const rows = finished(workload);
  const first = rows.find(({ label }) => label === 'ringfence');
  if (first === undefined) return [];
  const others = rows
    .filter((row) => row !== first)
    .map((row) => ({ label: row.label, ...spread(ratios(first, row)) }));
  const subtitle = 'ringfence’s calls a second over the other’s; the dashed line is equal';
  return [bars({ title: `${workload.title}: ringfence against`, subtitle, rows: others, format: times, mark: 1 })];
}

/** Calls a second as more are in flight, or as values grow. */
export function familyChart(workloads, { title, xName, tickOf, ids }) {
  const family = ids.map((id) => workloads.find((workload) => workload.id === id)).filter((one) => one !== undefined);
  if (family.length < 2) return [];
  const labels = finished(family[0])
    .map(({ label }) => label)
    .filter((label) => family.every((one) => finished(one).some((row) => row.label === label)));
  const pointOf = (workload, label) => workload.rows.find((row) => row.label === label).perSecond.median;
  const all = labels.map((label) => ({ label, points: family.map((workload) => pointOf(workload, label)) }));
  return [lines({ title, xName, ticks: family.map(tickOf), format: perSecond, lines: all })];
}

export function families(workloads) {
  const names = { get: 'GET', set: 'SET with TTL' };
  return Object.entries({ redis: 'Redis', memcached: 'Memcached' }).flatMap(([backend, backendName]) =>
    Object.entries(names).flatMap(([operation, name]) => [
      ...familyChart(workloads, {
        title: `${backendName} ${name}, 100 B: calls a second`,
        xName: 'calls in flight',
        tickOf: ({ inFlight }) => String(inFlight),
        ids: [1, 32, 256, 1_024].map((inFlight) => `${backend}-${operation}-100-${inFlight}`),
      }),
      ...familyChart(workloads, {
        title: `${backendName} ${name}, 256 in flight: calls a second`,
        xName: 'bytes of a value',
        tickOf: ({ dataset }) => dataset.valueBytes.toLocaleString('en'),
        ids: [16, 100, 1_024, 16_384].map((bytes) => `${backend}-${operation}-${bytes}-256`),
      }),
    ]),
  );
}

/** The processor time of a call, which a busy machine disturbs least. */
export function cpuChart(workload) {
  const rows = finished(workload).map(({ label, cpuMicrosPerCall }) => ({ label, ...cpuMicrosPerCall }));
  const subtitle = 'processor time of the client process, µs a call; less is better';
  return rows.length === 0 ? [] : [bars({ title: workload.title, subtitle, rows, format: micros })];
}

export function growthChart({ samples, minutes }) {
  const points = samples.map(({ seconds, mib }) => [Math.round(seconds), Number(mib.toFixed(2))]);
  const title = `Memory held during ${minutes} min of mixed load, garbage collected`;
  return [lines({ title, xName: 'seconds', format: (mib) => `${mib} MiB`, lines: [{ label: 'ringfence', points }] })];
}
