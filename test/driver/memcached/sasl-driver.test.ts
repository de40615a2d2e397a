import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CredentialsSource } from '../../../src/driver/driver.js';
import { createSaslDriver } from '../../../src/driver/memcached/sasl-driver.js';
import { NodeError } from '../../../src/errors.js';
import { FaultProxy } from '../../../src/testing/fault-proxy/fault-proxy.js';
import { askCount, askGet, askStore } from '../../../src/testing/promised-connection.js';
import { startMemcached } from '../../../src/testing/servers/memcached-server.js';
import { at, connectSasl, given } from './connections.js';

const user = { username: 'user', password: 'p:ä ss@/word' };
let server: Awaited<ReturnType<typeof startMemcached>>;
const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

beforeAll(async () => {
  server = await startMemcached({ sasl: user });
});
afterAll(() => server.stop());

const connect = (port = server.port, credentials: CredentialsSource = user) =>
  connectSasl({ address: at(port), credentials });

async function proxied(): Promise<FaultProxy> {
  const proxy = await FaultProxy.start({ port: server.port });
  closers.push(() => proxy.close());
  return proxy;
}

describe('a memcached with SASL', () => {
  it('C3: lets in who is right, and answers anybody else by a real error that repeats no password', async () => {
    const right = await connect();
    expect(await right.store('k', 'v')).toBe(true);
    expect(String(await right.get('k'))).toBe('v');
    const asked = await connect(server.port, async () => user);
    expect(String(await asked.get('k'))).toBe('v');
    for (const credentials of [
      { ...user, password: 'canary' },
      { username: 'other', password: 'canary' },
      { password: 'canary' },
    ]) {
      const error: unknown = await connect(server.port, credentials).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(NodeError);
      expect(error).toMatchObject({ code: 'ERR_NODE', reason: 'auth' });
      expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain('canary');
    }
    const none = createSaslDriver({ address: server }).connect({ signal: AbortSignal.timeout(20_000) });
    await expect(none).rejects.toMatchObject({ reason: 'auth' });
  });

  it('S11: takes no credentials from the environment', async () => {
    process.env.MEMCACHE_USERNAME = user.username;
    process.env.MEMCACHE_PASSWORD = user.password;
    try {
      const none = createSaslDriver({ address: server }).connect({ signal: AbortSignal.timeout(20_000) });
      await expect(none).rejects.toMatchObject({ reason: 'auth' });
    } finally {
      delete process.env.MEMCACHE_USERNAME;
      delete process.env.MEMCACHE_PASSWORD;
    }
  });

  it('says what it cannot do, and refuses it without a word to the server', async () => {
    const driver = createSaslDriver({ address: server, credentials: user });
    expect(driver.capabilities).toMatchObject({ compareAndSet: false, enumeration: false, raw: false });
    const call = await connect();
    for (const refused of [
      call.inspect('k'),
      call.store('k', 'v', { mode: 'compare', token: '1' }),
      call.raw('version'),
      call.store('', 'v'),
      call.get('k'.repeat(188)),
      call.count('k', 0.5),
      call.touch('k', Number.NaN),
    ])
      await expect(refused).rejects.toMatchObject({ name: expect.stringMatching(/CacheError|NodeError/) });
    await expect(call.inspect('k')).rejects.toMatchObject({ reason: 'rejected' });
    await expect(call.connection.keys('')[Symbol.asyncIterator]().next()).rejects.toMatchObject({ reason: 'rejected' });
    expect(await call.connection.ensureGone('tcp:127.0.0.1:1')).toBe(false);
    expect(call.connection.isOpen).toBe(true);
  });

  it('keeps counters right beyond 32 bits, at both ends, and as bare digits where they lose one', async () => {
    const call = await connect();
    await call.store('n', '5000000000');
    expect(await call.count('n', 1)).toBe(5_000_000_001);
    expect(await call.count('n', -5_000_000_002)).toBe(0);
    expect(String(await call.get('n'))).toBe('0');
    expect(await call.count(`fresh ${randomUUID()}`, 3, { initial: 2 ** 40, ttlMs: 60_000 })).toBe(2 ** 40);
    expect(await call.count('none', 1)).toBeUndefined();
    await call.store('top', String(Number.MAX_SAFE_INTEGER));
    const [refused, after] = call.sendAll<unknown>([askCount('top', 1), askGet('top')]);
    await expect(refused).rejects.toMatchObject({ reason: 'rejected' });
    await after;
    expect(String(await call.get('top'))).toBe(String(Number.MAX_SAFE_INTEGER));
  });

  it('leaves a value that merely looks like a padded counter as it was stored', async () => {
    const call = await connect();
    for (const text of ['99 ', '1                   ', '5 5 ', ' 5', '99\n', '']) {
      await call.store('looks', text);
      expect(String(await call.get('looks'))).toBe(text);
    }
    await call.store('looks', '100');
    await call.count('looks', -1);
    expect(String(await call.get('looks'))).toBe('99');
  });

  it('knows the incarnation and the limits of the server', async () => {
    const call = await connect();
    expect(call.connection.incarnation?.id).toMatch(/^\d+\.\d+$/);
    expect(call.connection.maxValueBytes).toBe(1_048_576 - 246);
    const most = Buffer.alloc(1_048_576 - 60, 1);
    expect(await call.store('k', most)).toBe(true);
    await expect(call.store('k', Buffer.concat([most, Buffer.from('x')]))).rejects.toMatchObject({
      code: 'ERR_VALUE_TOO_LARGE',
    });
    expect((await call.get('k'))?.equals(most)).toBe(true);
  });

  it('A14: works the same where both directions come byte by byte', async () => {
    const proxy = await proxied();
    const call = await connect(proxy.port);
    proxy.apply({ kind: 'slicer', size: 1 });
    const values = ['', '\x81\0\0\0', 'x'.repeat(300), '\r\n'];
    await Promise.all(call.sendAll(values.map((value, index) => askStore(`slice ${index}`, value))));
    const found = await Promise.all(call.sendAll(values.map((_, index) => askGet(`slice ${index}`))));
    expect(found.map(String)).toEqual(values);
  });

  it('B7: a server without room says so in plain text', async () => {
    const proxy = await proxied();
    proxy.banner('ERROR Too many open connections\r\n', { thenClose: true });
    await expect(connect(proxy.port)).rejects.toMatchObject({ reason: 'too-many-clients' });
  });

  it('settles everything on destroy, in order, before it returns', async () => {
    const call = await connect();
    const settled: number[] = [];
    const fail = (index: number) => (): void => void settled.push(index);
    call.connection.send(
      Array.from({ length: 20 }, (_, index) => ({
        kind: 'delete',
        key: index % 3 === 0 ? '' : 'k',
        done: fail(-1),
        fail: fail(index),
      })),
    );
    expect(call.connection.owed).toBe(20);
    call.connection.destroy(given);
    expect(settled).toEqual(Array.from({ length: 20 }, (_, index) => index));
    expect(call.connection.owed).toBe(0);
    await expect(call.get('k')).rejects.toMatchObject({ reason: 'lost' });
  });
});
