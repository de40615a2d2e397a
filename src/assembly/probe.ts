/** The probe of a node: a canary key written and read on the way the data goes, or whatever the user asks instead. */

import type { Clock } from '../base/clock.js';
import type { Inspection } from '../driver/driver.js';
import type { CacheNode } from '../node/cache-node.js';
import type { HealthSettings, ProbeTarget } from '../options/health.js';
import { promised } from '../replication/promised-attempt.js';
import { xxh32 } from '../ring/hash.js';

const CANARY_TTL_MS = 60_000;

export interface ProbeParts {
  readonly clock: Clock;
  readonly settings: HealthSettings;
  /** A wire key of ours that no user's key can be. */
  readonly canaryKey: string;
}

export function createProbe({ clock, settings, canaryKey }: ProbeParts): (node: CacheNode) => Promise<boolean> {
  const target = { key: canaryKey, hash: xxh32(canaryKey), timeoutMs: settings.timeoutMs };
  const own = settings.probe;
  if (own !== undefined) return (node) => within(clock, settings.timeoutMs, async () => own(targetOf(node, target)));
  return async (node) => {
    const value = Buffer.from(String(clock.wall()));
    const stored = await promised<boolean>(target, (origin) =>
      node.store(origin, 'background', 'set', value, CANARY_TTL_MS),
    );
    if (stored.failure !== undefined) return isFull(stored.failure.error) ? canRead(node, target) : false;
    const read = await promised<Inspection | undefined>(target, (origin) => node.inspect(origin, 'background', true));
    if (read.failure !== undefined) return isBeyond(read.failure.error) ? canRead(node, target) : false;
    return read.result?.bytes.equals(value) === true;
  };
}

/** A full node still serves reads, and so stays. */
function isFull(error: Error): boolean {
  return 'reason' in error && error.reason === 'full';
}

/** The driver cannot inspect, which says nothing of the node. */
function isBeyond(error: Error): boolean {
  return 'reason' in error && error.reason === 'rejected';
}

function canRead(
  node: CacheNode,
  { key, hash, timeoutMs }: { key: string; hash: number; timeoutMs: number },
): Promise<boolean> {
  return new Promise((resolve) => {
    node.get(key, hash, timeoutMs, 'background', {
      hit: () => resolve(true),
      missed: () => resolve(true),
      failed: () => resolve(false),
    });
  });
}

function targetOf(node: CacheNode, target: { key: string; hash: number; timeoutMs: number }): ProbeTarget {
  return {
    name: node.name,
    raw: async (...words) => {
      const outcome = await promised<unknown>(target, (origin) => node.raw(origin, 'background', words));
      if (outcome.failure !== undefined) throw outcome.failure.error;
      return outcome.result;
    },
  };
}

function within(clock: Clock, ms: number, work: () => Promise<boolean>): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = clock.setTimer(() => resolve(false), ms);
    work()
      .then(resolve, () => resolve(false))
      .finally(() => timer.cancel());
  });
}
