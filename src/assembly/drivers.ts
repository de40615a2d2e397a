/** From a node's scheme to its driver. A protocol is loaded when a node first connects by it, and not before. */

import type { Clock } from '../base/clock.js';
import type { Capabilities, Driver } from '../driver/driver.js';
import type { FleetSpec } from '../options/fleet-options.js';
import type { NodeSpec } from '../options/node-options.js';

const REDIS: Capabilities = {
  ttlResolutionMs: 1,
  maxTtlMs: Number.MAX_SAFE_INTEGER,
  compareAndSet: true,
  enumeration: true,
  raw: true,
  leases: 'hidden',
};
const MEMCACHED: Capabilities = {
  ttlResolutionMs: 1_000,
  maxTtlMs: Number.MAX_SAFE_INTEGER,
  compareAndSet: true,
  enumeration: true,
  raw: true,
  leases: 'placeholder',
};
const SASL: Capabilities = {
  ...MEMCACHED,
  compareAndSet: false,
  enumeration: false,
  raw: false,
  leases: undefined,
};
const MEMORY: Capabilities = { ...REDIS, raw: false };

/** What an envelope, or an encoding other than ours, may add to a value. */
const ENVELOPE_BYTES = 64 * 1024;

/**
 * A silent server of a cluster is given up before the calls that wait for it run out of time: late answers speak against the
 * node as a whole.
 */
const SILENT_SHARE = 0.75;

export interface DriverTerms {
  readonly clock: Clock;
  /** Longer values, whoever stored them, are not read. */
  readonly maxValueBytes: number;
  /** Whether idle connections let the process end. */
  readonly unref: boolean;
  readonly timeouts: { readonly attemptMs: number };
}

export function driverOf(spec: NodeSpec, terms: DriverTerms): Driver {
  const { address, credentials, tls, database, name, fleet } = spec;
  const { clock, unref } = terms;
  const maxValueBytes = terms.maxValueBytes + ENVELOPE_BYTES;
  const shared = { address, credentials, tls, unref };
  if (tls?.insecureSkipVerify === true || fleet?.sentinel.tls?.insecureSkipVerify === true)
    process.emitWarning(`node ${name}: insecureSkipVerify is set, so anybody on the way can pass for this server`, {
      code: 'RINGFENCE_INSECURE_TLS',
    });
  switch (spec.scheme) {
    case 'driver':
      if (spec.driver === undefined) throw new TypeError('a node of this scheme carries its driver');
      return spec.driver;
    case 'redis':
      return loaded('redis', REDIS, async () =>
        (await import('../driver/redis/redis-driver.js')).createRedisDriver({
          ...shared,
          database,
          maxReplyBytes: maxValueBytes,
        }),
      );
    case 'redis+sentinel':
      return loaded('redis+sentinel', REDIS, async () => {
        const { SentinelDriver } = await import('../driver/redis/sentinel/sentinel-driver.js');
        const { hosts, masterName, sentinel } = fleetOf(spec);
        return new SentinelDriver({
          ...{ credentials, tls, unref, database, clock, masterName, sentinel },
          sentinels: hosts,
          maxReplyBytes: maxValueBytes,
        });
      });
    case 'redis+cluster':
      return loaded('redis+cluster', REDIS, async () => {
        const { ClusterDriver } = await import('../driver/redis/cluster/cluster-driver.js');
        return new ClusterDriver({
          ...{ credentials, tls, unref, clock },
          hosts: fleetOf(spec).hosts,
          maxReplyBytes: maxValueBytes,
          silentMs: terms.timeouts.attemptMs * SILENT_SHARE,
        });
      });
    case 'memcached':
      return loaded('memcached', MEMCACHED, async () =>
        (await import('../driver/memcached/meta-driver.js')).createMetaDriver({ ...shared, clock, maxValueBytes }),
      );
    case 'memcached+sasl':
      return loaded('memcached+sasl', SASL, async () =>
        (await import('../driver/memcached/sasl-driver.js')).createSaslDriver({ ...shared, clock, maxValueBytes }),
      );
    case 'memory':
      return loaded('memory', MEMORY, async () =>
        (await import('../driver/memory/memory-driver.js')).createMemoryDriver({ name, clock }),
      );
  }
}

/** A memcached whose entries others write too: see `isVerbatim` and `isAuthOptional` of `MemcachedOptions`. */
export function verbatimMemcached(
  node: Pick<NodeSpec, 'address' | 'credentials'> & { readonly isBinary: boolean },
  { clock, maxValueBytes, unref }: Pick<DriverTerms, 'clock' | 'maxValueBytes' | 'unref'>,
): Driver {
  const { address, credentials, isBinary } = node;
  const options = { address, credentials, unref, clock, maxValueBytes, isVerbatim: true, isAuthOptional: true };
  return isBinary
    ? loaded('memcached+sasl', { ...SASL, raw: true }, async () =>
        (await import('../driver/memcached/sasl-driver.js')).createSaslDriver(options),
      )
    : loaded('memcached', MEMCACHED, async () =>
        (await import('../driver/memcached/meta-driver.js')).createMetaDriver(options),
      );
}

function fleetOf({ fleet }: NodeSpec): FleetSpec {
  if (fleet === undefined) throw new TypeError('a node of this scheme carries its servers');
  return fleet;
}

function loaded(kind: string, capabilities: Capabilities, load: () => Promise<Driver>): Driver {
  let driver: Promise<Driver> | undefined;
  const once = (): Promise<Driver> => (driver ??= load());
  return {
    kind,
    capabilities,
    prepare: async () => {
      await once();
    },
    connect: async (options) => (await once()).connect(options),
  };
}
