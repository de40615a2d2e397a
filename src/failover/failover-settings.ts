/** What a user may set of fail-over, complete; options/failover.ts holds the defaults and the check. */

/** What a node is in its group. */
export type MemberRole = 'primary' | 'standby';

export interface FailoverSettings {
  /** `automatic`: a standby takes over when the active node is ejected; `manual`: only when told to. */
  readonly strategy: 'automatic' | 'manual';
  /** Whether the primary takes over again once it has been well for `failbackDelayMs`. */
  readonly failback: 'automatic' | 'manual';
  readonly failbackDelayMs: number;
  /** A standby that lags further behind is taken only if there is no better one. */
  readonly maxLagBytes: number;
  /** Whether a Redis replica may be told to be a master. */
  readonly promote: boolean;
}
