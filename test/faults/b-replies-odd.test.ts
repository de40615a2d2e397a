/** Rows B8 and B11 to B13: slow scripts, foreign types, unknown words, and what errors must not tell. */

import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createRedisDriver } from '../../src/driver/redis/redis-driver.js';
import { CacheError } from '../../src/index.js';
import { PromisedConnection } from '../../src/testing/promised-connection.js';
import { startRedis } from '../../src/testing/servers/redis-server.js';
import type { TestServer } from '../../src/testing/servers/test-server.js';
import { ask, clean, ending, LATENESS_MS, OPENING_MS, openCache, PATIENT, startFleet, until } from './fleet.js';
import { startScriptedRedis } from './scripted-redis.js';

async function adminOf(server: TestServer): Promise<PromisedConnection & { end(): void }> {
  const connection = await createRedisDriver({ address: server }).connect({ signal: AbortSignal.timeout(OPENING_MS) });
  const end = (): void => connection.destroy(new CacheError('ERR_CLOSED', 'the test is over'));
  return Object.assign(new PromisedConnection(connection), { end });
}

describe('odd answers', () => {
  // Planted fault: a server that is busy for a moment is waited for without end, or lost for good.
  it('B8 a command that holds the server up: calls end in time, and the node serves again after it', async () => {
    const fleet = await startFleet({
      args: ['--enable-debug-command', 'yes'],
      cache: { health: false, breaker: { openMs: 100 } },
    });
    const { cache, server } = fleet;
    await cache.set('key', 'value');
    const admin = await adminOf(server);
    const asleep = admin.raw('DEBUG', 'SLEEP', '0.7');
    const ends = await Promise.all(Array.from({ length: 20 }, (_, i) => ending(() => cache.get(`other ${i}`))));
    for (const { ms, value } of ends) {
      expect(ms).toBeLessThan(500 + LATENESS_MS);
      expect(value).toBeUndefined();
    }
    await asleep;
    await until(async () => (await cache.set('key', 'again')) === true);
    await until(async () => (await cache.get('key')) === 'again');
    admin.end();
  });

  // Planted fault: BUSY is an error of this one call.
  it('B8 BUSY during a script: the node is to blame, until the script has ended', async () => {
    const fleet = await startFleet({
      args: ['--lua-time-limit', '5'],
      cache: { health: false, onUnavailable: 'throw', breaker: { openMs: 50 } },
    });
    const { cache, server } = fleet;
    const admin = await adminOf(server);
    const script = admin.raw('EVAL', 'while true do end', '0').catch((error: unknown) => error);
    const reasons = new Set<unknown>();
    await until(async () => {
      const { error } = await ending(() => cache.get('key'));
      if (error instanceof Error && error.cause instanceof Error && 'reason' in error.cause)
        reasons.add(error.cause.reason);
      return reasons.has('busy');
      // The script takes a whole processor, the only one perhaps.
    }, 60_000);
    await ask(server, 'SCRIPT KILL');
    await script;
    await until(async () => (await cache.set('key', 1).catch(() => false)) === true);
    admin.end();
  });

  // Planted fault: WRONGTYPE reaches the caller of get.
  it('B11 an entry of a foreign type: a miss to readers, typed to counters, no failure of the node', async () => {
    const fleet = await startFleet({ cache: { health: false, timeouts: PATIENT } });
    const { cache, server } = fleet;
    await ask(server, 'LPUSH k x');
    expect(await cache.get('k')).toBeUndefined();
    expect(await cache.getEntry('k')).toBeUndefined();
    expect((await cache.getMany(['k'])).failures.size).toBe(0);
    const { error } = await ending(() => cache.increment('k'));
    expect(error).toBeInstanceOf(CacheError);
    expect(inspect(error)).toMatch(/wrong-type/);
    for (let i = 0; i < 20; i++) await ending(() => cache.increment('k'));
    expect(fleet.view('a').breaker).toBe('closed');
    expect(await cache.set('k', 'now ours')).toBe(true);
    expect(await cache.get('k')).toBe('now ours');
  });

  // Planted fault: a write is repeated because nobody knows the word it was refused with.
  it('B12 an unknown error: typed, not retried, and the node stays', async () => {
    clean();
    const node = await startScriptedRedis(() => '-WEIRD things happen\r\n');
    const cache = await openCache({
      nodes: [`redis://127.0.0.1:${node.port}`],
      health: false,
      onUnavailable: 'throw',
      timeouts: PATIENT,
    });
    await until(() => cache.nodes()[0]?.isConnected === true);
    for (let i = 0; i < 10; i++) {
      const { error } = await ending(() => cache.set('key', i));
      expect(error).toMatchObject({ code: 'ERR_UNAVAILABLE', cause: { code: 'ERR_NODE', reason: 'rejected' } });
    }
    expect(node.commands).toHaveLength(10);
    expect(cache.nodes()[0]?.breaker).toBe('closed');
  });

  // Planted fault: what a driver attaches to its errors (ioredis: the command with its arguments) is passed on.
  it('B13 no error tells a value, a password, or the arguments of a command', async () => {
    clean();
    const password = 'canary-password';
    const value = 'canary-value';
    const server = await startRedis({ password });
    onTestFinished(() => server.stop());
    const seen: unknown[] = [];
    const note = (error: unknown): void => void seen.push(error);
    const right = await openCache({ nodes: [server.url], health: false, onUnavailable: 'throw' });
    right.on('writeUnconfirmed', note);
    right.on('degraded', note);
    await until(() => right.nodes()[0]?.isConnected === true);
    const admin = await createRedisDriver({ address: server, credentials: { password } }).connect({
      signal: AbortSignal.timeout(OPENING_MS),
    });
    await new PromisedConnection(admin).raw('CONFIG', 'SET', 'maxmemory', '1');
    note((await ending(() => right.set('key', value))).error);
    await new PromisedConnection(admin).raw('CONFIG', 'SET', 'maxmemory', '0');
    await server.kill9();
    note((await ending(() => right.set('key', value))).error);
    await server.restart();
    const wrong = await openCache({
      nodes: [server.url.replace(password, `wrong-${password}`)],
      health: false,
      onUnavailable: 'throw',
    });
    note((await ending(() => wrong.set('key', value))).error);
    note(wrong.nodes());
    for (const cache of [right, wrong]) seen.push(cache, cache.stats());

    expect(seen.filter((each) => each instanceof Error)).toHaveLength(3);
    for (const each of seen) {
      const text = `${inspect(each, { depth: Infinity, showHidden: true })} ${String(each)} ${JSON.stringify(each) ?? ''}`;
      expect(text).not.toContain('canary');
    }
    admin.destroy(new CacheError('ERR_CLOSED', 'the test is over'));
  });
});
