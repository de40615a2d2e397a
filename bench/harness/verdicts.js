/** Judges targets by what was measured. */

import { ratios, spread } from './statistics.js';

/**
 * @param {import('../targets.js').Target[]} targets
 * @param {object[]} workloads results of `runWorkloads`
 * @returns {object[]} one verdict a target: what was measured, its spread, and `met`, `missed` or `not measured` with the reason
 */
export function judgeTargets(targets, workloads) {
  return targets.flatMap((target) => {
    const workload = workloads.find(({ id }) => id === target.workload);
    return workload === undefined ? [] : [judge(target, workload)];
  });
}

function judge(target, { title, rows }) {
  const row = rows.find(({ id }) => id === target.row);
  const reference = rows.find(({ id }) => id === target.reference);
  const verdict = { title, says: target.says ?? sayOf(target, reference), limit: limitOf(target) };
  if (row === undefined) return { ...verdict, verdict: 'not measured', why: 'ringfence did not run' };
  if (row.out !== undefined) return { ...verdict, verdict: 'missed', why: `disqualified: ${row.out}` };
  if (target.reference !== undefined && reference === undefined)
    return { ...verdict, verdict: 'not measured', why: `${target.reference} is not installed` };
  const measured =
    reference === undefined ? row.rounds.map((round) => round[target.measure]) : ratios(row, reference, target.measure);
  if (measured.length === 0)
    return { ...verdict, verdict: 'not measured', why: `${reference.label}: ${reference.out}` };
  const all = spread(measured);
  const why = reference?.out === undefined ? undefined : `${reference.label} is disqualified (${reference.out})`;
  return { ...verdict, ...all, verdict: isMet(target, all.median) ? 'met' : 'missed', why };
}

/** @param {{ atLeast?: number, atMost?: number }} target */
export function isMet({ atLeast = -Infinity, atMost = Infinity }, measured) {
  return measured >= atLeast && measured <= atMost;
}

export function limitOf({ atLeast, atMost, unit = '' }) {
  return atLeast === undefined ? `≤ ${compact(atMost)}${unit}` : `≥ ${compact(atLeast)}${unit}`;
}

/** Ratios with two digits, large numbers in millions or with separators. */
export function compact(number) {
  if (Math.abs(number) >= 1e6) return `${(number / 1e6).toFixed(2)} M`;
  if (Math.abs(number) >= 1_000) return Math.round(number).toLocaleString('en');
  return number >= 100 ? number.toFixed(0) : number.toFixed(2);
}

function sayOf({ measure }, reference) {
  const of = reference?.label ?? 'reference';
  return measure === 'perSecond' ? `× ${of}` : `${measure}, × ${of}`;
}
