/**
 * The probe of a node: a canary key written and read on the way the data goes, or whatever the user asks instead.
 *
 * It travels in the lane of small calls, since that is what a verdict is about: another lane's connection may be away while
 * this one serves, or serve while this one is away.
 */

import type { Clock } from '../base/clock.js';
import type { Inspection } from '../driver/driver.js';
import { type CacheError, NodeError, OptionError, TimeoutError } from '../errors.js';
import type { CacheNode } from '../node/cache-node.js';
import type { Lane } from '../node/lane.js';
import type { HealthSettings, ProbeTarget } from '../options/health.js';
import { promised } from '../replication/promised-attempt.js';
import { xxh32 } from '../ring/hash.js';

const CANARY_TTL_MS = 60_000;
const LANE: Lane = 'interactive';

export interface ProbeParts {
  readonly clock: Clock;
  readonly settings: HealthSettings;
  /** A wire key that no user's key can be, and that no other process writes: its value must be the one just stored. */
  readonly canaryKey: string;
}

/** Whether the node serves; `undefined` if it could not be asked for want of room here, which is no fault of its. */
export type Probe = (node: CacheNode) => Promise<boolean | undefined>;

type CanaryTarget = { readonly key: string; readonly hash: number; readonly timeoutMs: number };

export function createProbe({ clock, settings, canaryKey }: ProbeParts): Probe {
  const target = { key: canaryKey, hash: xxh32(canaryKey), timeoutMs: settings.timeoutMs };
  const own = settings.probe;
  if (own !== undefined) return (node) => within(clock, settings.timeoutMs, async () => own(targetOf(node, target)));
  return async (node) => {
    const value = Buffer.from(String(clock.wall()));
    const stored = await promised<boolean>(target, (origin) => node.store(origin, LANE, 'set', value, CANARY_TTL_MS));
    if (stored.failure !== undefined) {
      const { error } = stored.failure;
      return reasonOf(error) === 'full' ? canRead(node, target) : verdictOn(node, error);
    }
    const read = await promised<Inspection | undefined>(target, (origin) => node.inspect(origin, LANE, true));
    if (read.failure !== undefined) {
      const { error } = read.failure;
      return reasonOf(error) === 'rejected' ? canRead(node, target) : verdictOn(node, error);
    }
    return read.result?.bytes.equals(value) === true;
  };
}

/** `full`: a full node still serves reads, and so stays. `rejected`: the driver cannot inspect, which says nothing of the node. */
function reasonOf(error: CacheError): string | undefined {
  return error instanceof NodeError ? error.reason : undefined;
}

/**
 * Our own saturation is no failure of the node: a full lane, or one in which there was no room in time although the node is
 * connected. An open breaker is: it opened on evidence that was free of it.
 */
function verdictOn(node: CacheNode, error: CacheError): false | undefined {
  if (error.code === 'ERR_BULKHEAD_FULL' || error.code === 'ERR_CLOSED') return undefined;
  if (error instanceof TimeoutError && !error.sent && node.isConnected) return undefined;
  return false;
}

function canRead(node: CacheNode, { key, hash, timeoutMs }: CanaryTarget): Promise<boolean | undefined> {
  return new Promise((resolve) => {
    node.get(key, hash, timeoutMs, LANE, {
      hit: () => resolve(true),
      missed: () => resolve(true),
      failed: (_attempt, error) => resolve(verdictOn(node, error)),
    });
  });
}

function targetOf(node: CacheNode, target: CanaryTarget): ProbeTarget {
  return {
    name: node.name,
    raw: async (...words) => {
      // Anything else would throw in the middle of a request, where nobody could catch it; an empty one has no reply.
      if (words.length === 0 || !words.every((word) => typeof word === 'string' || Buffer.isBuffer(word)))
        throw new OptionError('words', 'must be strings and Buffers, at least one');
      const outcome = await promised<unknown>(target, (origin) => node.raw(origin, LANE, words));
      if (outcome.failure !== undefined) throw outcome.failure.error;
      return outcome.result;
    },
  };
}

function within(clock: Clock, ms: number, work: () => Promise<boolean>): Promise<boolean> {
  return new Promise((resolve) => {
    // Somebody may wait for nothing but this.
    const timer = clock.setTimer(() => resolve(false), ms, true);
    work()
      .then(resolve, () => resolve(false))
      .finally(() => timer.cancel());
  });
}
