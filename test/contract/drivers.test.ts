/**
 * The driver contract against real servers: one entry a driver. Every case has the server to itself, one after another.
 */

import { afterAll, beforeAll, describe, it } from 'vitest';
import type { Address, Driver } from '../../src/driver/driver.js';
import { createMetaDriver } from '../../src/driver/memcached/meta-driver.js';
import { createSaslDriver } from '../../src/driver/memcached/sasl-driver.js';
import { createRedisDriver } from '../../src/driver/redis/redis-driver.js';
import type { DriverContractOptions } from '../../src/testing/driver-contract/contract-case.js';
import { driverContract } from '../../src/testing/driver-contract.js';
import { startMemcached } from '../../src/testing/servers/memcached-server.js';
import { startRedis } from '../../src/testing/servers/redis-server.js';
import type { TestServer } from '../../src/testing/servers/test-server.js';

interface Candidate extends Pick<DriverContractOptions, 'name' | 'lacks' | 'ping'> {
  start(): Promise<TestServer>;
  driver(address: Address, server: TestServer): Driver;
}

const isPong = (pong: string) => (reply: unknown) => String(reply) === pong;
const redisPing = { words: ['PING'], isPong: isPong('PONG') };
const metaPing = { words: ['mn'], isPong: isPong('MN') };

const USER = { username: 'ann', password: 'p:w' };

const CANDIDATES: readonly Candidate[] = [
  { name: 'redis', ping: redisPing, start: startRedis, driver: (address) => createRedisDriver({ address }) },
  {
    name: 'redis with TLS and a password',
    ping: redisPing,
    start: () => startRedis({ tls: true, password: 'secret' }),
    driver: (address, { certificate }) =>
      createRedisDriver({ address, tls: { ca: certificate?.ca }, credentials: { password: 'secret' } }),
  },
  {
    name: 'redis on a unix socket',
    ping: redisPing,
    start: () => startRedis({ unixSocket: true }),
    driver: (address, { path }) => createRedisDriver({ address: { ...address, path } }),
  },
  { name: 'memcached', ping: metaPing, start: startMemcached, driver: (address) => createMetaDriver({ address }) },
  {
    name: 'memcached with TLS',
    ping: metaPing,
    start: () => startMemcached({ tls: true }),
    driver: (address, { certificate }) => createMetaDriver({ address, tls: { ca: certificate?.ca } }),
  },
  {
    name: 'memcached with SASL',
    lacks: ['compareAndSet', 'enumeration', 'raw', 'leases'],
    start: () => startMemcached({ sasl: USER }),
    driver: (address) => createSaslDriver({ address, credentials: USER }),
  },
];

describe.each(CANDIDATES)('driver contract of $name', ({ name, lacks, ping, start, driver }) => {
  let server: TestServer;

  beforeAll(async () => {
    server = await start();
  });

  afterAll(() => server.stop());

  const create = async () => ({
    driver: driver({ host: server.host, port: server.port }, server),
    restart: () => server.restart(),
    stop: async () => undefined,
  });

  for (const { title, run } of driverContract({ name, lacks, ping, create })) it(title, run);
});
