/** A conditional write and a plain one that comes between its decision and the copies of it. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCache } from '../../src/index.js';
import { startRedis } from '../../src/testing/servers/redis-server.js';
import type { TestServer } from '../../src/testing/servers/test-server.js';
import { reached } from '../support/reached.js';

/** More than the steps between the answer of the first owner and the writes to the others. */
const STEPS = 12;

describe('a conditional write on several owners', () => {
  let servers: TestServer[];
  beforeAll(async () => {
    servers = await Promise.all([startRedis(), startRedis()]);
  });
  afterAll(() => Promise.all(servers.map((server) => server.stop())));

  it('does not put its value behind a newer one, in whatever step after its decision that was issued', async () => {
    const cache = createCache<string>({
      nodes: servers.map(({ url }) => url),
      replication: 2,
      codec: 'string',
      health: false,
      read: { prefer: 'any' },
    });
    await reached(cache);
    const seen: (string | undefined)[] = [];
    for (let steps = 0; steps < STEPS; steps++) {
      const key = `k${steps}`;
      const [first] = cache.ring.owners(key);
      let i = 0;
      while (cache.ring.owners(`beside-${i}`)[0] !== first) i++;
      const neighbour = `beside-${i}`;
      // One request to one node: the answers to both come in one turn.
      const beside = cache.set(neighbour, 'x', { write: 'one' });
      const added = cache.add(key, 'old');
      const newer = beside.then(async () => {
        for (let step = 0; step < steps; step++) await undefined;
        return cache.set(key, 'new');
      });
      await Promise.all([added, newer]);
      seen.push(await cache.get(key), await cache.get(key));
    }
    await cache.destroy();
    expect(seen).not.toContain('old');
    expect(seen.filter((value) => value === 'new').length).toBeGreaterThanOrEqual(STEPS);
  });
});
