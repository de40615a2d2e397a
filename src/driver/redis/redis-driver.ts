/** The driver of a node that is one Redis server. */

import { NodeError } from '../../errors.js';
import type { Capabilities, Driver } from '../driver.js';
import { learnFacts, openConnection } from './open-connection.js';
import type { RedisConnection } from './redis-connection.js';
import type { RedisDriverOptions } from './redis-options.js';

export const REDIS_CAPABILITIES: Capabilities = {
  ttlResolutionMs: 1,
  maxTtlMs: Number.MAX_SAFE_INTEGER / 4096,
  compareAndSet: true,
  enumeration: true,
  raw: true,
  leases: 'hidden',
};

export function createRedisDriver(options: RedisDriverOptions): Driver {
  return {
    kind: 'redis',
    capabilities: REDIS_CAPABILITIES,
    connect: ({ signal }) => openConnection(options, signal, introduce),
  };
}

async function introduce(connection: RedisConnection): Promise<void> {
  const { runId, isClustered, isEmpty } = await learnFacts(connection);
  if (isClustered)
    throw new NodeError('cluster', 'this server is a node of a Redis Cluster: name it with redis+cluster://');
  if (runId !== undefined) connection.incarnation = { id: runId, isEmpty };
}
