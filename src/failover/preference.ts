/**
 * Who takes over. Those within `maxLagBytes` come before those further behind; then the primary; then the lower
 * `priority`, as Redis's `replica-priority` has it, where 0 never takes over by itself; then the lower lag; then as listed.
 *
 * Lag ranks and never bars: what a laggard holds of old values is no answer here (rule R6), it merely misses more.
 */

import type { MemberRole } from './failover-settings.js';

export interface Candidate {
  readonly role: MemberRole;
  readonly priority: number;
  /** `undefined` where it cannot be known: no replica of the node that was active. */
  readonly lagBytes: number | undefined;
}

/** Those that may take over by themselves, best first. */
export function byPreference<C extends Candidate>(candidates: readonly C[], maxLagBytes: number): C[] {
  const isFar = ({ lagBytes }: C): number => (lagBytes !== undefined && lagBytes > maxLagBytes ? 1 : 0);
  const isStandby = ({ role }: C): number => (role === 'primary' ? 0 : 1);
  return candidates
    .filter(({ role, priority }) => role === 'primary' || priority > 0)
    .sort(
      (a, b) =>
        isFar(a) - isFar(b) ||
        isStandby(a) - isStandby(b) ||
        a.priority - b.priority ||
        (a.lagBytes ?? maxLagBytes) - (b.lagBytes ?? maxLagBytes),
    );
}
