/** The driver of a node behind sentinels, against real ones: the contract, and who is taken for the master. */

import { afterAll, beforeAll, describe, it } from 'vitest';
import { systemClock } from '../../../../src/base/clock.js';
import { SentinelDriver } from '../../../../src/driver/redis/sentinel/sentinel-driver.js';
import type { SentinelDriverOptions } from '../../../../src/driver/redis/sentinel/sentinel-options.js';
import { driverContract } from '../../../../src/testing/driver-contract.js';
import { SentinelFleet } from '../../../../src/testing/servers/sentinel-fleet.js';

let fleet: SentinelFleet;

beforeAll(async () => {
  fleet = await SentinelFleet.start({ password: 'for-data', sentinelPassword: 'for-sentinels' });
});
afterAll(() => fleet.stop());

const driver = (more: Partial<SentinelDriverOptions> = {}) =>
  new SentinelDriver({
    sentinels: fleet.sentinels,
    masterName: fleet.masterName,
    credentials: { password: 'for-data' },
    sentinel: { credentials: { password: 'for-sentinels' } },
    clock: systemClock,
    ...more,
  });

/** Cases that do little but wait may wait together. */
const WAITING = /time to live|ends by itself|though its entry has expired/;

describe('driver contract of redis behind sentinels', () => {
  const create = async () => ({ driver: driver(), stop: async () => undefined });
  const ping = { words: ['PING'], isPong: (reply: unknown) => String(reply) === 'PONG' };
  const cases = driverContract({ name: 'redis+sentinel', lacks: ['restart'], ping, create });
  for (const { title, run } of cases) if (!WAITING.test(title)) it(title, run);
  for (const { title, run } of cases) if (WAITING.test(title)) it.concurrent(title, run);
});
