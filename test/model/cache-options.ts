/** The options of a world's caches: all times a tenth of what they are by default, so that much happens in a second. */

import type { NodeOptions } from '../../src/options/node-options.js';
import type { CacheOptions } from '../../src/options.js';
import type { FakeClock } from '../../src/testing/fake-clock.js';
import type { Random } from '../../src/testing/seeded-random.js';
import { TOTAL_MS } from './client.js';
import type { Config } from './schedule.js';

const TIGHT_LEDGER = { maxFloors: 4, maxDistrusted: 3, maxPayable: 2, maxPayableBytes: 64 };

export function cacheOptions(
  { codec, replication, hasNamespace, hasFallback, hasNear, isTight, onDown, prefer }: Config,
  nodes: readonly NodeOptions[],
  clock: FakeClock,
  random: Random,
): CacheOptions {
  return {
    nodes,
    ...(hasNamespace ? { namespace: 'm' } : {}),
    codec,
    replication,
    timeouts: { connectMs: 60, attemptMs: 40, totalMs: TOTAL_MS },
    read: { prefer },
    bulkhead: { largeValueBytes: 64 },
    breaker: { openMs: 50, maxOpenMs: 200 },
    retry: { baseMs: 5, maxMs: 20 },
    health: {
      intervalMs: 80,
      timeoutMs: 40,
      unhealthyAfter: 2,
      ejectionMs: 150,
      maxEjectionMs: 600,
      warmingSteps: 3,
      warmingMs: 20,
      standInTtlMs: 5_000,
      onDown,
    },
    handoff: { concurrency: 24, budgetMs: 30, keysPerSecond: 5_000, windowMs: 60_000 },
    fallback: hasFallback ? { maxEntries: 8 } : false,
    near: hasNear ? { maxEntries: 8, ttlMs: 60 } : false,
    ...(isTight ? { ledger: TIGHT_LEDGER } : {}),
    clock,
    random,
  };
}
