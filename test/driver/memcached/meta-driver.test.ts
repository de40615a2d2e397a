import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Connection } from '../../../src/driver/driver.js';
import { FaultProxy } from '../../../src/testing/fault-proxy/fault-proxy.js';
import { askStore } from '../../../src/testing/promised-connection.js';
import { startMemcached } from '../../../src/testing/servers/memcached-server.js';
import { at, connectMeta, given } from './connections.js';

let server: Awaited<ReturnType<typeof startMemcached>>;

beforeAll(async () => {
  server = await startMemcached();
});
afterAll(() => server.stop());

const connect = (port = server.port) => connectMeta({ address: at(port) });

describe('a connection to a memcached', () => {
  it('G13: refuses times to live that are none', async () => {
    const call = await connect();
    for (const ttlMs of [Number.NaN, -1, Number.POSITIVE_INFINITY]) {
      for (const refused of [
        call.store('t', 'v', { ttlMs }),
        call.touch('t', ttlMs),
        call.count('t', 1, { initial: 1, ttlMs }),
      ])
        await expect(refused).rejects.toMatchObject({ reason: 'rejected' });
    }
  });

  it('G14, G16: keeps times to live, the shortest and the longest', async () => {
    const call = await connect();
    const left = async (ttlMs: number): Promise<number> => {
      await call.store('t', 'v', { ttlMs });
      return (await call.inspect('t', false))?.ttlMs ?? -1;
    };
    expect(await left(0)).toBe(0);
    expect(await left(1)).toBeLessThanOrEqual(1000);
    for (const days of [29, 30, 31, 400]) {
      const ttlMs = days * 86_400_000;
      expect(Math.abs((await left(ttlMs)) - ttlMs)).toBeLessThanOrEqual(2000);
    }
    expect(await left(1000 * 365 * 86_400_000)).toBeGreaterThan(400 * 86_400_000);
  });

  it('takes a token that is none of its own for one that does not match', async () => {
    const call = await connect();
    await call.store('c', '1');
    const largest = String(2n ** 64n - 1n);
    const beyond = [String(2n ** 64n), '9'.repeat(20), '9'.repeat(21)];
    for (const token of ['', '0', '00', 'abc', '-1', '1 ME', '1\r\nflush_all', largest, ...beyond])
      expect(await call.store('c', 'flush_all\r\n', { mode: 'compare', token }), token).toBe(false);
    expect(await call.store('c', '2', { mode: 'compare' })).toBe(false);
    expect(String(await call.get('c'))).toBe('1');
  });

  it('raw: answers a line, a value, or a list of lines, in turn with everything else', async () => {
    const call = await connect();
    await call.store('r', 'value\r\n');
    const [get, version, value, stats, miss, after] = await Promise.all([
      call.get('r'),
      call.raw('version'),
      call.raw('mg', 'r', 'v', 's'),
      call.raw('stats', 'settings'),
      call.raw('mg', 'none', 'v'),
      call.get('r'),
    ]);
    expect(String(get)).toBe('value\r\n');
    expect(version).toMatch(/^VERSION 1\./);
    expect(value).toEqual(Buffer.from('value\r\n'));
    expect(stats).toContain('STAT cas_enabled yes');
    expect(miss).toBe('EN');
    expect(String(after)).toBe('value\r\n');
    await call.store('n', '5');
    expect(await call.raw('incr', 'n', '7')).toBe('12');
    expect(await call.raw('incr', 'none', '7')).toBe('NOT_FOUND');
    await expect(call.raw('incr', 'n', 'x')).rejects.toMatchObject({ reason: 'rejected' });
    await expect(call.raw('watch')).rejects.toMatchObject({ reason: 'rejected' });
    await expect(call.raw('mg', 'k\r\nflush_all')).rejects.toMatchObject({ reason: 'rejected' });
    expect(String(await call.get('r'))).toBe('value\r\n');
  });

  it('B1: a full server refuses writes as full and goes on serving', async () => {
    const full = await startMemcached({ args: ['-M', '-m', '4'] });
    try {
      const call = await connect(full.port);
      const results = await Promise.allSettled(
        call.sendAll(Array.from({ length: 200 }, (_, index) => askStore(`k${index}`, Buffer.alloc(100_000)))),
      );
      const refusals = results.filter((result) => result.status === 'rejected');
      expect(refusals.length).toBeGreaterThan(10);
      for (const refusal of refusals) expect(refusal.reason).toMatchObject({ reason: 'full' });
      expect(call.connection.isOpen).toBe(true);
      expect((await call.get('k0'))?.length).toBe(100_000);
    } finally {
      await full.stop();
    }
  });

  it('B7: a server without room for another connection is named as such', async () => {
    const crowded = await startMemcached({ args: ['-c', '60'] });
    try {
      const crowd: Connection[] = [];
      const outcome = (async () => {
        for (;;) crowd.push((await connect(crowded.port)).connection);
      })();
      await expect(outcome).rejects.toMatchObject({ code: 'ERR_NODE', reason: 'too-many-clients' });
      expect(crowd.length).toBeGreaterThan(0);
      crowd[0]?.destroy(given);
      await expect
        .poll(() =>
          connect(crowded.port).then(
            () => true,
            () => false,
          ),
        )
        .toBe(true);
    } finally {
      await crowded.stop();
    }
  });

  it('R6: the incarnation changes with a restart, and only then; empty is told only where it is proven', async () => {
    const restarted = await startMemcached();
    try {
      const first = await connect(restarted.port);
      const second = await connect(restarted.port);
      expect(first.connection.incarnation?.isEmpty).toBe(true);
      expect(second.connection.incarnation).toEqual(first.connection.incarnation);
      await first.store('k', 'v');
      expect((await connect(restarted.port)).connection.incarnation).toEqual({
        id: first.connection.incarnation?.id,
        isEmpty: false,
      });
      await restarted.restart();
      const { incarnation } = (await connect(restarted.port)).connection;
      expect(incarnation?.id).not.toBe(first.connection.incarnation?.id);
      expect(incarnation?.isEmpty).toBe(true);
    } finally {
      await restarted.stop();
    }
  });

  it('R4: knows of an abandoned connection whether it is gone', async () => {
    const abandoned = await connect();
    const later = await connect();
    const id = abandoned.connection.id ?? '';
    expect(id).toMatch(/^tcp:127\.0\.0\.1:\d+$/);
    expect(await later.connection.ensureGone(id)).toBe(false);
    abandoned.connection.destroy(given);
    expect(await later.connection.ensureGone(id)).toBe(true);
    expect(await later.connection.ensureGone(later.connection.id ?? '')).toBe(false);
    expect(await later.connection.ensureGone('another name')).toBe(false);
    later.connection.destroy(given);
    expect(await later.connection.ensureGone(id)).toBe(false);
  });

  it('R4: believes no list of connections in which it does not stand itself', async () => {
    const proxy = await FaultProxy.start({ port: server.port });
    try {
      const call = await connect(proxy.port);
      expect(call.connection.id).toBeUndefined();
      expect(await call.connection.ensureGone('tcp:127.0.0.1:1')).toBe(false);
    } finally {
      await proxy.close();
    }
  });
});
