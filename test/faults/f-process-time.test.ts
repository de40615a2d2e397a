/** Rows F1 to F5: our own process late, stopped, with a clock that jumps, or short of memory. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { type Cache, createCache } from '../../src/index.js';
import { FakeClock } from '../../src/testing/fake-clock.js';
import { clean, ending, openCache, PATIENT, startFleet, until } from './fleet.js';

const isSoak = process.env.RINGFENCE_SOAK !== undefined;

const nobody = new Int32Array(new SharedArrayBuffer(4));

/** Holds the event loop up and leaves the processor to others, the nodes among them. */
function block(ms: number): void {
  Atomics.wait(nobody, 0, 0, ms);
}

/** Replies of the server at `port` that the kernel holds for us: bytes, in all. */
function unreadBytes(port: number): number {
  const remote = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1);
  const own = rows.map((row) => row.trim().split(/\s+/)).filter((columns) => columns[2] === remote);
  return own.reduce((sum, [, , , , queues = '']) => sum + Number.parseInt(queues.split(':')[1] ?? '', 16), 0);
}

/** More than probes are answered with, less than fifty objects take. */
const REPLY_BYTES = 1_000;

/** Until the node has answered, which takes it longer on a busy machine: from then on nothing is its fault. */
function blockUntilAnswered(port: number): void {
  for (let i = 0; i < 500 && unreadBytes(port) < REPLY_BYTES; i++) block(10);
}

/** All that speaks against a node. */
function verdictsOf(cache: Cache): string[] {
  const verdicts: string[] = [];
  for (const name of ['breakerOpened', 'nodeEjected', 'topologyChanged'] as const)
    cache.on(name, ({ reason }) => verdicts.push(`${name}: ${reason}`));
  return verdicts;
}

describe('our own process', () => {
  // Planted fault: a deadline that comes late is judged at once, before the sockets are read.
  it.each([600, 2_000])('F1 an event loop blocked for %i ms: no call fails for it, no node is blamed', async (ms) => {
    const fleet = await startFleet({
      isDirect: true,
      cache: {
        // Every deadline passes in the block, and none because a busy machine starves the node outside of it.
        timeouts: { connectMs: 5_000, attemptMs: ms * 0.7, totalMs: ms * 0.9 },
        health: { intervalMs: 50, timeoutMs: ms * 0.7 },
        breaker: { consecutiveFailures: 1 },
      },
    });
    const { cache } = fleet;
    for (let i = 0; i < 50; i++) await until(() => cache.set(`key ${i}`, { i }));
    await until(() => fleet.view('a').state === 'healthy' && fleet.view('a').breaker === 'closed');
    const verdicts = verdictsOf(cache);
    const { failures, lateSweeps } = cache.stats();
    const wanted = ms > 1_000 ? 1 : 3;
    // On a busy machine all may be over before the block could begin: then that round has nothing to show.
    for (
      let shown = 0, round = 0;
      round < 1_000 && (shown < wanted || cache.stats().lateSweeps === lateSweeps);
      round++
    ) {
      let open = 50;
      const gets = Array.from({ length: 50 }, (_, i) => ending(() => cache.get(`key ${i}`).finally(() => open--)));
      // They have left; the replies come while nobody can read them.
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      if (open > 0) {
        shown++;
        block(ms);
        blockUntilAnswered(fleet.server.port);
      }
      const ends = await Promise.all(gets);
      expect(ends.map(({ value }) => value)).toEqual(Array.from({ length: 50 }, (_, i) => ({ i })));
    }
    await sleep(150);
    expect(cache.stats().lateSweeps).toBeGreaterThan(lateSweeps);
    expect(cache.stats().failures).toBe(failures);
    expect(verdicts).toEqual([]);
    expect(fleet.view('a').breaker).toBe('closed');
  });

  // Planted fault: a late sweep waits for one that is in time, which never comes.
  it('F1 an event loop that is always late still keeps its deadlines', async () => {
    const fleet = await startFleet({ cache: { health: false, retry: false } });
    fleet.proxy.apply({ kind: 'hold' });
    const get = ending(() => fleet.cache.get('key'));
    let isOver = false;
    void get.then(() => (isOver = true));
    const beganAt = performance.now();
    /** What our turns took beyond the block itself: no deadline can be kept in that. */
    let lostMs = 0;
    for (let turnAt = beganAt; !isOver && turnAt - beganAt < 3_000; turnAt = performance.now()) {
      block(40);
      await new Promise((resolve) => setImmediate(resolve));
      lostMs += Math.max(0, performance.now() - turnAt - 45);
    }
    expect((await get).wallMs).toBeLessThan(600 + lostMs);
  });

  // Planted fault: time that passed while we did not run counts against the nodes.
  it('F2 our own process stopped and continued: no node is blamed, and calls go on at once', async () => {
    const fleet = await startFleet({
      isDirect: true,
      cache: {
        timeouts: { connectMs: 5_000, attemptMs: 1_000, totalMs: 1_300 },
        health: { intervalMs: 50, timeoutMs: 1_000 },
        breaker: { consecutiveFailures: 1 },
      },
    });
    const { cache } = fleet;
    await until(() => cache.set('key', 'value'));
    await until(() => fleet.view('a').state === 'healthy');
    const verdicts = verdictsOf(cache);
    const gets = Array.from({ length: 50 }, () => ending(() => cache.get('key')));
    await new Promise((resolve) => setImmediate(resolve));
    const seconds = isSoak ? 10 : 1.5;
    const waker = spawn('sh', ['-c', `sleep ${seconds}; kill -CONT ${process.pid}`], { stdio: 'ignore' });
    const stoppedAt = performance.now();
    process.kill(process.pid, 'SIGSTOP');
    await once(waker, 'exit');
    expect(performance.now() - stoppedAt).toBeGreaterThan(seconds * 900);
    for (const { value } of await Promise.all(gets)) expect(value).toBe('value');
    expect(await cache.get('key')).toBe('value');
    await sleep(200);
    expect(verdicts).toEqual([]);
    expect(fleet.view('a')).toMatchObject({ breaker: 'closed', state: 'healthy' });
  });

  // Planted fault: Date.now() in a breaker, a deadline or an age.
  it.each([3_600_000, -3_600_000])(
    'F3 the calendar jumps by %i ms: no deadline, breaker or age notices',
    async (jump) => {
      clean();
      const clock = new FakeClock();
      const node = new MemoryNode({ name: 'a', clock });
      const driver = createMemoryDriver({ name: 'a', store: node, clock });
      const cache = createCache({
        nodes: [{ name: 'a', driver }],
        clock,
        health: false,
        near: { ttlMs: 10_000 },
        breaker: { openMs: 1_000 },
      });
      await clock.until(cache.ready());
      await clock.until(cache.set('key', 'value', { ttlMs: 60_000 }));
      expect(await clock.until(cache.get('key'))).toBe('value');
      node.failWith('busy', ['store']);
      for (let i = 0; i < 10; i++) await clock.until(cache.set(`other ${i}`, 1));
      expect(cache.nodes()[0]?.breaker).toBe('open');
      clock.jumpWall(jump);
      node.failWith(undefined);
      // Still open, and not for an hour; still near; still alive.
      expect(cache.nodes()[0]?.breaker).toBe('open');
      expect(await clock.until(cache.get('key'))).toBe('value');
      await clock.advance(1_500);
      expect(await clock.until(cache.set('other', 1))).toBe(true);
      await clock.advance(9_000);
      expect(await clock.until(cache.get('key'))).toBe('value');
      node.hang();
      const hung = clock.until(cache.get('nothing here'), 600);
      expect(await hung).toBeUndefined();
      node.resume();
      await clock.until(cache.destroy());
    },
  );

  // Planted fault: a long time to live sent as it is, which memcached takes for a date of 1970.
  it('F4 31 days to live on memcached, whatever our calendar says: stored, and for so long', async () => {
    const { cache, server } = await startFleet({
      kinds: ['memcached'],
      isDirect: true,
      cache: { health: false, timeouts: PATIENT },
    });
    const days = 86_400_000;
    const lives = async (each: Cache, key: string): Promise<void> => {
      expect(await each.set(key, 'value', { ttlMs: 31 * days })).toBe(true);
      expect(await each.get(key)).toBe('value');
      expect(Number(await each.ttl(key)) / days).toBeCloseTo(31, 2);
    };
    await lives(cache, 'plain');
    const spy = vi.spyOn(Date, 'now');
    onTestFinished(() => void spy.mockRestore());
    const real = performance.timeOrigin;
    spy.mockImplementation(() => Math.floor(real + performance.now() + 3_600_000));
    const skewed = await openCache({
      nodes: [{ url: `memcached://127.0.0.1:${server.port}`, name: 'a' }],
      health: false,
      timeouts: PATIENT,
    });
    await until(() => skewed.nodes()[0]?.isConnected === true);
    await lives(skewed, 'an hour ahead');
  });

  // Planted fault: what is remembered is a view of the buffer it came in.
  it('F5 small values read beside large ones: what is remembered costs its bound and pins nothing', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    // Large values do not fit, are not remembered and push nothing out; the small ones come in what is left of their last
    // chunk.
    const fallback = { maxEntries: 100_000, maxBytes: 190_000, maxStaleMs: 60_000 };
    const { cache } = await startFleet({
      isDirect: true,
      cache: { codec: 'bytes', health: false, fallback, timeouts: PATIENT },
    });
    const large = Buffer.alloc(200_000, 1);
    for (let i = 0; i < 10; i++) await cache.set(`large ${i}`, large);
    for (let i = 0; i < 2_000; i++) await cache.set(`small ${i}`, Buffer.from('ten bytes!'));
    collect();
    const before = process.memoryUsage();
    for (let i = 0; i < 2_000; i++) await Promise.all([cache.get(`large ${i % 10}`), cache.get(`small ${i}`)]);
    expect(cache.stats().fallback.bytes).toBeLessThanOrEqual(fallback.maxBytes);
    expect(cache.stats().fallback.entries).toBeGreaterThan(1_000);
    // What is pinned stays pinned; what is merely not collected yet goes.
    await until(() => {
      collect();
      const after = process.memoryUsage();
      const grown = [after.arrayBuffers - before.arrayBuffers, after.heapUsed - before.heapUsed];
      return grown.every((bytes) => bytes < 4_000_000);
    });
  });
});
