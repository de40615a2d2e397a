/** The program of ten lines: objects over a Redis and a memcached at once, and either may go. */

import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createCache } from '../../src/index.js';
import { Fleet, MIXED, PATIENT } from './fleet.js';

interface User {
  readonly id: number;
  readonly name: string;
  readonly tags: readonly string[];
}

describe('ten lines over redis:// and memcached://', () => {
  const fleet = Fleet.ofTests(MIXED);

  it('store and read objects over both', async () => {
    const cache = createCache<User>({
      nodes: fleet.servers.map(({ url }) => url),
      replication: 2,
      // No try may find what another has counted.
      namespace: randomUUID(),
      timeouts: PATIENT,
    });
    await cache.ready();
    expect(await cache.set('user:1', { id: 1, name: 'Ann', tags: ['a'] }, { ttlMs: 60_000 })).toBe(true);
    expect((await cache.get('user:1'))?.name).toBe('Ann');
    expect(await cache.getOrSet('user:2', () => ({ id: 2, name: 'Ben', tags: [] }))).toMatchObject({ name: 'Ben' });
    expect(await cache.increment('visits')).toBe(1);
    await cache.close();
    expect(await fleet.entries()).toBeGreaterThanOrEqual(5);
  });

  it.each(['redis', 'memcached'] as const)('and find every object while %s is gone', async (kind) => {
    await fleet.restartKilled();
    const cache = createCache<User>({
      nodes: fleet.servers.map(({ url }) => url),
      replication: 2,
      namespace: kind,
      timeouts: PATIENT,
    });
    const users = Array.from({ length: 1_000 }, (_, id) => ({ id, name: `user ${id}`, tags: [String(id)] }));
    expect((await cache.setMany(users.map((user) => [`user:${user.id}`, user] as const))).stored).toBe(1_000);
    await fleet.server(kind).kill9();
    const found = await Promise.all(users.map(({ id }) => cache.get(`user:${id}`)));
    expect(found).toEqual(users);
    await fleet.restartKilled();
    await cache.close();
  });
});
