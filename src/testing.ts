/**
 * The test kit: what this library is tested with, for those who test their own programs or drivers with it.
 *
 * In-process nodes with faults on demand, a clock that stands still, real servers under control, a proxy that does what
 * networks do, the contract suite of the driver port, and a gate against leaks.
 */

export { createMemoryDriver, type MemoryDriverOptions } from './driver/memory/memory-driver.js';
export { MemoryNode, type MemoryNodeOptions, type MemoryNodeStats } from './driver/memory/memory-node.js';
export type { MemorySnapshot } from './driver/memory/memory-store.js';
export type {
  Ability,
  ContractCase,
  DriverContractOptions,
  DriverSubject,
} from './testing/driver-contract/contract-case.js';
export { driverContract } from './testing/driver-contract.js';
export { FakeClock, type FakeClockOptions } from './testing/fake-clock.js';
export { FaultProxy, type FaultProxyOptions } from './testing/fault-proxy/fault-proxy.js';
export type { ProxiedConnection } from './testing/fault-proxy/proxied-connection.js';
export type { Direction, StreamFault } from './testing/fault-proxy/stream-fault.js';
export { type LeakOptions, type LeakTracker, trackLeaks } from './testing/leaks.js';
export { PromisedConnection } from './testing/promised-connection.js';
export { type Random, seededRandom } from './testing/seeded-random.js';
export { type Blackhole, startBlackhole } from './testing/servers/blackhole.js';
export { type Certificate, type CertificateOptions, createCertificate } from './testing/servers/certificate.js';
export { type MemcachedServerOptions, startMemcached } from './testing/servers/memcached-server.js';
export { type RedisServerOptions, startRedis } from './testing/servers/redis-server.js';
export { startedServers } from './testing/servers/started-servers.js';
export type { TestServer } from './testing/servers/test-server.js';
