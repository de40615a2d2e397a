/** The driver of a node that is a Redis Cluster, against real servers: the contract, and slots that move. */

import { afterAll, beforeAll, describe, it } from 'vitest';
import { systemClock } from '../../../../src/base/clock.js';
import { ClusterDriver } from '../../../../src/driver/redis/cluster/cluster-driver.js';
import { driverContract } from '../../../../src/testing/driver-contract.js';
import { ClusterFleet } from '../../../../src/testing/servers/cluster-fleet.js';

let fleet: ClusterFleet;

beforeAll(async () => {
  fleet = await ClusterFleet.start({ replicas: 1, spares: 1 });
});
afterAll(() => fleet.stop());

const driver = () => new ClusterDriver({ hosts: fleet.masters.slice(0, 1), clock: systemClock });

describe('driver contract of a Redis Cluster', () => {
  const create = async () => ({ driver: driver(), stop: async () => undefined });
  const ping = { words: ['PING'], isPong: (reply: unknown) => String(reply) === 'PONG' };
  for (const { title, run } of driverContract({
    name: 'redis+cluster',
    lacks: ['restart'],
    order: 'key',
    ping,
    create,
  }))
    it(title, run);
});
