/** A cache over fleets of servers, with health checks as hasty as fail-overs of a second or two ask for. */

import { onTestFinished } from 'vitest';
import type { StalenessRule } from '../../src/base/staleness-rules.js';
import { assembleCache } from '../../src/create-cache.js';
import type { Cache, CacheOptions } from '../../src/index.js';
import { until } from '../staleness/support/until.js';
import type { TestCodec } from '../staleness/support/values.js';
import { reached } from '../support/reached.js';

const HEALTH = { intervalMs: 100, timeoutMs: 500, unhealthyAfter: 3, healthyAfter: 1, ejectionMs: 200 };
const TIMEOUTS = { connectMs: 1_000, attemptMs: 500, totalMs: 1_000 };
/** For tests where no server is out, none is given up; a hand-over waits as long for calls of before. */
export const PATIENT = { connectMs: 10_000, attemptMs: 2_000, totalMs: 2_000 };

/** Destroyed when the test is over. Resolves once all its nodes are healthy. */
export async function openCache(
  options: Pick<CacheOptions, 'nodes' | 'timeouts'> & { codec?: TestCodec; probeMs?: number },
  disabled: readonly StalenessRule[] = [],
) {
  const { codec = 'json', nodes, timeouts = TIMEOUTS, probeMs = HEALTH.timeoutMs } = options;
  const health = { ...HEALTH, timeoutMs: probeMs };
  const cache = assembleCache<unknown>(
    { nodes, codec, namespace: 't', fallback: false, retry: false, health, timeouts },
    new Set(disabled),
  );
  onTestFinished(async () => {
    await cache.destroy();
  });
  await reached(cache);
  // A busy machine may have had one ejected before it began.
  await until('all are well', () => cache.nodes().every(({ state }) => state === 'healthy'));
  return cache;
}

export function nodeOf(cache: Cache<unknown>, name: string) {
  const node = cache.nodes().find((view) => view.name === name);
  if (node === undefined) throw new Error(`no node ${name}`);
  return node;
}
