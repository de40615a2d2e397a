/** Rows C7 to C10: names that lead nowhere, slowly, twice, or elsewhere from now on. */

import { lookup } from 'node:dns';
import { readFile } from 'node:fs/promises';
import type { LookupFunction } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { NameLookup, nameLookup } from '../../src/base/name-lookup.js';
import { createMetaDriver } from '../../src/driver/memcached/meta-driver.js';
import { createSaslDriver } from '../../src/driver/memcached/sasl-driver.js';
import { createRedisDriver } from '../../src/driver/redis/redis-driver.js';
import { createCache } from '../../src/index.js';
import { clean, ending, LATENESS_MS, OPENING_MS, openCache, PATIENT, startFleet, until } from './fleet.js';

describe('names of nodes', () => {
  // Planted fault: a name that does not exist is waited for like a server that does not answer.
  it('C7 a name that does not exist: fails fast, the breaker opens, other nodes do not notice', async () => {
    const fleet = await startFleet({ isDirect: true, cache: { health: false } });
    const { port } = fleet.server;
    const nodes = [
      { url: 'redis://nowhere.invalid:6379', name: 'lost' },
      { url: `redis://127.0.0.1:${port}`, name: 'found' },
    ];
    const cache = await openCache({ nodes, health: false, retry: false, onUnavailable: 'throw', timeouts: PATIENT });
    const keysOf = (name: string): string[] =>
      Array.from({ length: 60 }, (_, i) => `key ${i}`).filter((key) => cache.ring.owners(key)[0] === name);
    const lost = () => cache.nodes().find(({ name }) => name === 'lost');
    expect(lost()?.lastError).toMatch(/name of .* is not known/);
    for (const key of keysOf('lost')) {
      const { ms, error } = await ending(() => cache.get(key));
      expect(ms).toBeLessThan(20 + LATENESS_MS);
      expect(error).toMatchObject({ cause: { reason: 'unreachable' } });
    }
    for (const key of keysOf('found')) expect(await cache.set(key, key)).toBe(true);
    await until(() => lost()?.breaker === 'open');
  });

  // Planted fault: the deadline of connecting begins when the name is known.
  it('C8 a look-up that never ends: settles by the connect deadline', async () => {
    clean();
    const never: LookupFunction = () => undefined;
    const address = { host: 'slow.example', port: 6379 };
    for (const driver of [
      createRedisDriver({ address, lookup: never }),
      createMetaDriver({ address, lookup: never }),
    ]) {
      const cache = createCache({ nodes: [{ name: 'a', driver }], health: false, onUnavailable: 'throw' });
      const { ms, error } = await ending(() => cache.get('key', { timeoutMs: 2_000 }));
      expect(error).toBeDefined();
      expect(ms).toBeLessThan(300 + LATENESS_MS);
      await until(() => cache.nodes()[0]?.lastError !== undefined);
      await cache.destroy();
    }
  });

  // Planted fault: each attempt to connect asks anew while the last question is still open.
  it('C8 look-ups that never end hold at most two threads of the process, however often they are repeated', async () => {
    const asked: string[] = [];
    const answers: (() => void)[] = [];
    const names = new NameLookup((name, _options, answer) => {
      asked.push(name);
      answers.push(() => answer(null, '127.0.0.1', 4));
    });
    let answered = 0;
    for (let i = 0; i < 300; i++) names.look(`host-${i % 3}`, { family: 4 }, () => answered++);
    expect(asked).toEqual(['host-0', 'host-1']);
    answers[0]?.();
    expect(answered).toBe(100);
    expect(asked).toEqual(['host-0', 'host-1', 'host-2']);
    for (const answer of answers.slice(1)) answer();
    expect(answered).toBe(300);
    // Nothing is answered from memory: a name may have moved.
    names.look('host-0', { family: 4 }, () => undefined);
    expect(asked).toHaveLength(4);
    answers.at(-1)?.();
    await readFile(new URL(import.meta.url));
  });

  // Planted fault: one protocol asks the system by itself.
  it.each([
    ['redis', createRedisDriver],
    ['memcached', createMetaDriver],
    ['memcached+sasl', createSaslDriver],
  ] as const)('C8 look-ups for %s count among them', async (_kind, create) => {
    const look = vi.spyOn(nameLookup, 'look');
    onTestFinished(() => look.mockRestore());
    const connecting = create({ address: { host: 'localhost', port: 1 } }).connect({
      signal: AbortSignal.timeout(OPENING_MS),
    });
    await expect(connecting).rejects.toMatchObject({ reason: 'refused' });
    expect(look.mock.calls.map(([name]) => name)).toEqual(['localhost']);
  });

  // Planted fault: `family: 6`, or the first address alone.
  it('C9 localhost where only IPv4 listens: served; where nothing listens: one reason, told', async () => {
    const { server } = await startFleet({ isDirect: true, cache: { health: false } });
    const cache = await openCache({ nodes: [`redis://localhost:${server.port}`], health: false, timeouts: PATIENT });
    await until(() => cache.nodes()[0]?.isConnected === true);
    expect(await cache.set('key', 'value')).toBe(true);
    const nowhere = await openCache({
      nodes: ['redis://localhost:1', { url: 'memcached://localhost:2' }],
      health: false,
      timeouts: PATIENT,
    });
    for (const { lastError } of nowhere.nodes()) expect(lastError).toMatch(/nothing listens at localhost:[12]/);
  });

  // Planted fault: the address of a node is remembered, or decides its place on the ring.
  it('C10 a name that moves to another server: the next connection goes there, no key moves', async () => {
    const fleet = await startFleet({ kinds: ['redis', 'redis'], isDirect: true, cache: { health: false } });
    const [first, second] = fleet.servers;
    let port = first?.port ?? 0;
    // The name is the same, what it leads to is not: ports stand in for addresses, since all is on one machine.
    const asked: string[] = [];
    const noting: LookupFunction = (name, options, answer) => {
      asked.push(name);
      lookup('127.0.0.1', options, answer);
    };
    const driver = createRedisDriver({
      address: {
        host: 'moving.example',
        get port() {
          return port;
        },
      },
      lookup: noting,
    });
    const cache = createCache({
      nodes: [{ name: 'moving', driver }, 'memory://other'],
      health: false,
      timeouts: PATIENT,
    });
    onTestFinished(async () => void (await cache.destroy()));
    await until(() => cache.nodes()[0]?.isConnected === true);
    const print = cache.ring.fingerprint;
    const key = ['a', 'b', 'c', 'd', 'e'].find((name) => cache.ring.owners(name)[0] === 'moving') ?? '';
    await cache.set(key, 'on the first');
    port = second?.port ?? 0;
    await first?.kill9();
    await until(async () => (await cache.set(key, 'on the second')) === true);
    expect(await cache.get(key)).toBe('on the second');
    expect(asked.length).toBeGreaterThanOrEqual(2);
    expect(cache.ring.fingerprint).toBe(print);
    await sleep(1);
  });
});
