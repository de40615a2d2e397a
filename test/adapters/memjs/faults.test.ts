/** Servers that hang, die, come late or stay away: every call ends once and in time, and nothing old is read. */

import { afterEach, describe, expect, it } from 'vitest';
import { Client, type ClientOptions } from '../../../src/memjs.js';
import { startMemcached } from '../../../src/testing/servers/memcached-server.js';
import type { TestServer } from '../../../src/testing/servers/test-server.js';
import { stopwatch } from '../../support/stopwatch.js';
import { uncaught } from './uncaught.js';

const TIMEOUT_MS = 1_000;
const BRIEF: ClientOptions = { timeout: TIMEOUT_MS / 1_000, retries: 1, logger: { log: () => undefined } };
/** Where no server is silent, none is given up: a busy machine connects and answers late. */
const PATIENT: ClientOptions = { timeout: 5 };
/** What a call may take beyond its deadline on a busy machine. */
const TOLERANCE_MS = 150;

let servers: TestServer[] = [];
let clients: Client[] = [];

afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await Promise.all(servers.map((server) => server.stop()));
  clients = [];
  servers = [];
});

async function start(count: number, options: ClientOptions): Promise<Client> {
  servers = await Promise.all(Array.from({ length: count }, () => startMemcached()));
  const client = open(options);
  await until(() => client.nodes().every(({ isConnected }) => isConnected));
  return client;
}

function open(options: ClientOptions): Client {
  const client = Client.create(servers.map(({ host, port }) => `${host}:${port}`).join(), { ...BRIEF, ...options });
  clients.push(client);
  return client;
}

/** Keys by the place of their server in the list. */
function keysOf(client: Client, place: number, count: number): string[] {
  const keys = Array.from({ length: 500 }, (_, i) => `key:${i}`);
  return keys.filter((key) => client.getServer(key) === place).slice(0, count);
}

async function until(holds: () => unknown): Promise<void> {
  for (const end = performance.now() + 30_000; performance.now() < end; await new Promise((go) => setTimeout(go, 5)))
    if (await holds()) return;
  throw new Error('it did not come about');
}

describe.each(['meta', 'binary'] as const)('a client that speaks %s', (protocol) => {
  it('ends every call in time while a server hangs, and reads nothing old once it goes on', async () => {
    const client = await start(2, { protocol, cache: { breaker: false } });
    const [hung, well] = [keysOf(client, 0, 20), keysOf(client, 1, 20)];
    await Promise.all([...hung, ...well].map((key) => client.set(key, 'old')));
    await servers[0]?.pause();
    const ownMs = stopwatch();
    const slow = hung.map((key, i) => (i % 2 === 0 ? client.set(key, 'new') : client.delete(key)));
    const reads = hung.map((key) => client.get(key));
    expect(await Promise.all(well.map(async (key) => String((await client.get(key)).value)))).toEqual(
      well.map(() => 'old'),
    );
    const outcomes = await Promise.allSettled([...slow, ...reads]);
    expect(ownMs()).toBeLessThan(TIMEOUT_MS + TOLERANCE_MS);
    for (const outcome of outcomes)
      if (outcome.status === 'rejected')
        expect(outcome.reason.code).toMatch(/^ERR_(TIMEOUT|UNAVAILABLE|INDETERMINATE)$/);
      else expect(outcome.value).toMatchObject({ value: null });
    servers[0]?.resume();
    await until(() =>
      client
        .set('probe', 'v')
        .then(() => client.set(hung[0] ?? '', 'newest'))
        .catch(() => false),
    );
    for (const key of hung.slice(1)) {
      const found = await client.get(key).catch(() => ({ value: null }));
      expect(String(found.value)).not.toBe('old');
    }
  });

  it('calls back once for each call that a dying server leaves open, and serves again after its return', async () => {
    const client = await start(1, { ...PATIENT, protocol });
    await client.set('a', 'v');
    const times = new Map<number, number>();
    await servers[0]?.pause();
    for (let i = 0; i < 200; i++) {
      const count = (): unknown => times.set(i, (times.get(i) ?? 0) + 1);
      if (i % 4 === 0) client.get(`k${i}`, count);
      else if (i % 4 === 1) client.set(`k${i}`, 'v', {}, count);
      else if (i % 4 === 2) client.append(`k${i}`, 'v', count);
      else client.increment(`k${i}`, 1, {}, count);
    }
    await servers[0]?.kill9();
    await until(() => times.size === 200);
    expect([...times.values()]).toEqual(Array(200).fill(1));
    await servers[0]?.restart();
    await until(() => client.set('b', 'v').catch(() => false));
    expect(String((await client.get('b')).value)).toBe('v');
  });

  it('begins before its servers do', async () => {
    const client = await start(1, { ...PATIENT, protocol });
    await servers[0]?.kill9();
    const early = open({ ...PATIENT, protocol });
    await expect(early.get('a')).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_/) });
    const results = await early.flush().catch((error: unknown) => error);
    expect(results).toMatchObject({ code: expect.stringMatching(/^ERR_/) });
    await servers[0]?.restart();
    await until(() => early.set('a', 'v').catch(() => false));
    await until(() =>
      client.get('a').then(
        ({ value }) => String(value) === 'v',
        () => false,
      ),
    );
  });
});

describe('a callback that throws', () => {
  it('disturbs no other call, and no connection', async () => {
    const client = await start(1, PATIENT);
    await client.set('a', 'v');
    const errors = await uncaught(async () => {
      const all = Array.from({ length: 50 }, (_, i) => {
        if (i % 10 !== 0) return client.get('a').then(({ value }) => String(value));
        client.get('a', () => {
          throw new Error(`of ${i}`);
        });
        return 'v';
      });
      expect(await Promise.all(all)).toEqual(Array(50).fill('v'));
      await new Promise(setImmediate);
    });
    expect(errors.map(String).sort()).toEqual([0, 10, 20, 30, 40].map((i) => `Error: of ${i}`));
    expect(client.nodes()[0]?.failures).toBe(0);
  });
});

describe('failover', () => {
  const health = { intervalMs: 20, timeoutMs: 300, unhealthyAfter: 2, ejectionMs: 100, warmingMs: 5 };

  it('is off by default: the keys of a server that is out fail, and are nowhere else', async () => {
    const client = await start(3, PATIENT);
    const [key = ''] = keysOf(client, 0, 1);
    await client.set(key, 'v');
    await servers[0]?.kill9();
    await until(() =>
      client.get(key).then(
        () => false,
        () => true,
      ),
    );
    for (let i = 0; i < 30; i++) await expect(client.set(key, 'w')).rejects.toMatchObject({ code: expect.any(String) });
    const others = open(PATIENT);
    expect(await others.get(keysOf(client, 1, 1)[0] ?? '')).toEqual({ value: null, flags: null });
    // What was not written here fails; what was, and may have been, is a miss.
    await expect(client.get(keysOf(client, 0, 2)[1] ?? '')).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' });
    expect((await client.get(key)).value).toBeNull();
  });

  it('lets the next server in the list stand in, and takes back nothing old', async () => {
    const client = await start(3, { ...PATIENT, failover: true, cache: { health } });
    const keys = keysOf(client, 0, 10);
    await Promise.all(keys.map((key) => client.set(key, 'old')));
    await servers[0]?.pause();
    await until(() => client.nodes()[0]?.state === 'ejected');
    expect(client.server(keys[0] ?? '').port).toBe(servers[1]?.port);
    expect(await Promise.all(keys.map((key) => client.set(key, 'new')))).toEqual(keys.map(() => true));
    expect(String((await client.get(keys[0] ?? '')).value)).toBe('new');
    servers[0]?.resume();
    await until(() => client.nodes()[0]?.state === 'healthy');
    for (const key of keys) expect(String((await client.get(key)).value)).not.toBe('old');
    expect(client.server(keys[0] ?? '').port).toBe(servers[0]?.port);
  });
});
