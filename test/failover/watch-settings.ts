/** How the members of these tests are watched: no look is repeated before a test moves the clock. */
export const WATCH_SETTINGS = {
  intervalMs: 1_000,
  timeoutMs: 500,
  unhealthyAfter: 3,
  healthyAfter: 1,
  ejectionMs: 0,
  maxEjectionMs: 0,
};
