/** What is measured: from memjs modulo to the own ring, over the same servers and over one more, beside a switch at once. */

const WINDOW_MS = 30_000;

export const SCENARIOS = [
  { name: 'memjs to the ring on the same four servers', old: 4, next: 4 },
  { name: 'memjs on four servers to the ring on five', old: 4, next: 5 },
];

export const WAYS = [
  // The new placement from one moment on, as after a deployment.
  { name: 'switch at once', afterMs: 30_000 },
  {
    name: 'migration, codec string',
    codec: 'string',
    options: { carry: 'all' },
    windowMs: WINDOW_MS,
    afterMs: 60_000,
  },
  {
    name: 'migration, codec json',
    codec: 'json',
    options: {},
    windowMs: WINDOW_MS,
    afterMs: 60_000,
  },
];
