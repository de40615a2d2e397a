/** Keyv's own test suite with Keyv 5, on real nodes of both kinds. */

import keyvTestSuite, { keyvIteratorTests } from '@keyv/test-suite';
import { Keyv } from 'keyv';
import * as vitest from 'vitest';
import type { Cache } from '../../../src/index.js';
import { KeyvRingfence } from '../../../src/keyv.js';
import { Fleet, MEMCACHED, REDIS } from '../../cache/fleet.js';

const { beforeAll, describe } = vitest;

describe.each([
  { ...REDIS, redis: 3 },
  { ...MEMCACHED, memcached: 2 },
])('over $name', (kind) => {
  const fleet = Fleet.ofTests(kind);
  let cache: Cache;

  beforeAll(async () => {
    cache = await fleet.open();
  });

  // An adapter has one namespace at a time, so each Keyv is given its own.
  keyvTestSuite(vitest, Keyv, () => new KeyvRingfence({ cache }));
  keyvIteratorTests(vitest, Keyv, () => new KeyvRingfence({ cache }));
});
