import { mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { askOnce } from '../../../src/testing/servers/ask-once.js';
import { borrowServer, canBorrow } from '../../../src/testing/servers/borrowed-server.js';
import { startMemcached } from '../../../src/testing/servers/memcached-server.js';
import { startRedis } from '../../../src/testing/servers/redis-server.js';
import type { TestServer } from '../../../src/testing/servers/test-server.js';

/** Above any process id of Linux. */
const NOBODY = '99999999';

describe.each([
  { kind: 'redis', start: startRedis, set: 'SET k v\r\n', get: 'GET k\r\n', none: '$-1\r\n' },
  { kind: 'memcached', start: startMemcached, set: 'set k 0 0 1\r\nv\r\n', get: 'get k\r\n', none: 'END\r\n' },
] as const)('a borrowed $kind', ({ kind, start, set, get, none }) => {
  let server: TestServer;
  const ask = (request: string) => askOnce(server, request, (text) => text.endsWith('\r\n'));

  beforeAll(async () => {
    server = await start();
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });
  afterAll(() => server.stop());

  const list = (urls: string) =>
    vi.stubEnv(kind === 'redis' ? 'RINGFENCE_REDIS_URLS' : 'RINGFENCE_MEMCACHED_URLS', urls);

  it('is there if listed, is found empty, and belongs to one borrower at a time', async () => {
    list('');
    expect(canBorrow(kind)).toBe(false);
    list(server.url);
    expect(canBorrow(kind)).toBe(true);
    await ask(set);
    const first = await borrowServer(kind, true);
    expect(await ask(get)).toBe(none);
    expect(first).toMatchObject({ kind, host: server.host, port: server.port, url: server.url, isRunning: true });
    const second = borrowServer(kind, true);
    expect(await Promise.race([second, sleep(120, 'waiting')])).toBe('waiting');
    await first.stop();
    await (await second).stop();
  });

  it('refuses in one sentence what needs its process, or options of its own', async () => {
    list(server.url);
    await expect(borrowServer(kind, false)).rejects.toThrow(
      `this test needs a ${kind} with options of its own: install`,
    );
    const borrowed = await borrowServer(kind, true);
    for (const control of ['kill9', 'terminate', 'pause', 'restart'] as const) {
      await expect(borrowed[control]()).rejects.toThrow(`must stop or kill its ${kind} itself: install`);
    }
    expect(() => borrowed.resume()).toThrow('install');
    expect(() => borrowed.pid).toThrow('install');
    await borrowed.stop();
  });

  it('is taken over from a borrower that died', async () => {
    list(server.url);
    const { directory } = await borrowServer(kind, true);
    writeFileSync(`${directory}/holder`, NOBODY);
    const next = await borrowServer(kind, true);
    await next.stop();
    mkdirSync(directory);
    writeFileSync(`${directory}/holder`, NOBODY);
    await (await borrowServer(kind, true)).stop();
  });
});
