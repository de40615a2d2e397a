/** Connections of one test, given up after it. */

import { afterEach } from 'vitest';
import type { Connection, Driver } from '../../../src/driver/driver.js';
import type { MemcachedOptions } from '../../../src/driver/memcached/memcached-options.js';
import { createMetaDriver } from '../../../src/driver/memcached/meta-driver.js';
import { createSaslDriver } from '../../../src/driver/memcached/sasl-driver.js';
import { NodeError } from '../../../src/errors.js';
import { PromisedConnection } from '../../../src/testing/promised-connection.js';

/** What tests give connections up with. */
export const given = new NodeError('lost', 'given up by the test');

export const at = (port: number) => ({ host: '127.0.0.1', port });

const connections: Connection[] = [];

afterEach(() => {
  for (const connection of connections.splice(0)) connection.destroy(given);
});

async function connectBy(driver: Driver, limitMs = 20_000): Promise<PromisedConnection> {
  const connection = await driver.connect({ signal: AbortSignal.timeout(limitMs) });
  connections.push(connection);
  return new PromisedConnection(connection);
}

export function connectMeta(options: MemcachedOptions, limitMs?: number): Promise<PromisedConnection> {
  return connectBy(createMetaDriver(options), limitMs);
}

export function connectSasl(options: MemcachedOptions, limitMs?: number): Promise<PromisedConnection> {
  return connectBy(createSaslDriver(options), limitMs);
}
