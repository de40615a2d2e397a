import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectTcp, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MemcachedOptions } from '../../../src/driver/memcached/memcached-options.js';
import { createMetaDriver } from '../../../src/driver/memcached/meta-driver.js';
import { createSaslDriver } from '../../../src/driver/memcached/sasl-driver.js';
import { PromisedConnection } from '../../../src/testing/promised-connection.js';
import { startBlackhole } from '../../../src/testing/servers/blackhole.js';
import { startMemcached } from '../../../src/testing/servers/memcached-server.js';
import { stopwatch } from '../../support/stopwatch.js';
import { at, connectMeta, given } from './connections.js';
import { closedPort, listen } from './listening.js';

let plain: Awaited<ReturnType<typeof startMemcached>>;

beforeAll(async () => {
  plain = await startMemcached();
});
afterAll(() => plain.stop());

/** Sockets and servers that this process holds. */
function handles(): number {
  return process.getActiveResourcesInfo().filter((name) => /TCP|Pipe|TLS/.test(name)).length;
}

describe('opening a socket', () => {
  it('A8: a closed port is refused at once', async () => {
    const port = await closedPort();
    const ownMs = stopwatch();
    await expect(connectMeta({ address: at(port) })).rejects.toMatchObject({ code: 'ERR_NODE', reason: 'refused' });
    expect(ownMs()).toBeLessThan(1_000);
    await expect(
      connectMeta({ address: { host: '', port: 0, path: '/nowhere/memcached.sock' } }),
    ).rejects.toMatchObject({
      reason: 'refused',
    });
  });

  it('A9: a port that swallows packets is given up when the signal says so, and leaves no socket', async () => {
    const blackhole = await startBlackhole();
    try {
      const before = handles();
      const ownMs = stopwatch();
      await expect(connectMeta({ address: blackhole }, 100)).rejects.toMatchObject({ reason: 'unreachable' });
      expect(ownMs()).toBeLessThan(1_000);
      await expect.poll(handles).toBeLessThanOrEqual(before);
    } finally {
      await blackhole.close();
    }
  });

  it('C7, C8: a name that is unknown fails, one whose look-up hangs is given up', async () => {
    const unknown: MemcachedOptions['lookup'] = (host, _, callback) =>
      callback(Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' }), '', 4);
    await expect(connectMeta({ address: { host: 'x.invalid', port: 1 }, lookup: unknown })).rejects.toMatchObject({
      reason: 'unreachable',
      message: expect.stringContaining('ENOTFOUND'),
    });
    const hangs: MemcachedOptions['lookup'] = () => undefined;
    await expect(connectMeta({ address: { host: 'x.invalid', port: 1 }, lookup: hangs }, 50)).rejects.toMatchObject({
      reason: 'unreachable',
    });
  });

  it('options that Node refuses are an error like any other, not an exception in the middle of nowhere', async () => {
    for (const options of [
      { address: at(70_000) },
      { address: at(plain.port), tls: { cert: 'no certificate', key: 'no key' } },
    ])
      await expect(connectMeta(options)).rejects.toMatchObject({ code: 'ERR_NODE', reason: 'unreachable' });
  });

  it('C10: looks the name up anew at every connect', async () => {
    let asked = 0;
    const lookup: MemcachedOptions['lookup'] = (_, options, callback) => {
      asked++;
      if (options.all) callback(null, [{ address: '127.0.0.1', family: 4 }]);
      else callback(null, '127.0.0.1', 4);
    };
    for (let round = 1; round <= 3; round++) {
      await connectMeta({ address: { host: 'cache.example', port: plain.port }, lookup });
      expect(asked).toBe(round);
    }
  });

  it('C9: several addresses that all refuse are told in words', async () => {
    const lookup: MemcachedOptions['lookup'] = (_, options, callback) => {
      const addresses = [
        { address: '127.0.0.1', family: 4 },
        { address: '127.0.0.2', family: 4 },
      ];
      if (options.all) callback(null, addresses);
      else callback(null, '127.0.0.1', 4);
    };
    const port = await closedPort();
    await expect(connectMeta({ address: { host: 'two.example', port }, lookup })).rejects.toMatchObject({
      reason: 'refused',
      message: `nothing listens at two.example:${port}`,
    });
  });

  it('an aborted signal opens nothing; one that aborts later ends the attempt at every stage', async () => {
    let accepted = 0;
    const port = await listen(() => accepted++);
    await expect(
      createMetaDriver({ address: at(port) }).connect({ signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ reason: 'unreachable' });
    expect(accepted).toBe(0);
    const mute = at(await listen((socket) => void socket.on('error', () => undefined).resume()));
    const stages: MemcachedOptions[] = [
      { address: mute },
      { address: mute, tls: { insecureSkipVerify: true } },
      { address: mute, credentials: () => new Promise(() => undefined) },
      { address: mute, credentials: { username: 'u', password: 'p' } },
    ];
    const before = handles();
    for (const create of [createMetaDriver, createSaslDriver]) {
      for (const options of stages) {
        const outcome = create(options).connect({ signal: AbortSignal.timeout(40) });
        await expect(outcome).rejects.toMatchObject({ code: 'ERR_NODE', reason: 'unreachable' });
      }
    }
    await expect.poll(handles).toBeLessThanOrEqual(before + 1);
  });

  it('a signal that aborts after the connection stands does nothing to it', async () => {
    for (const create of [createMetaDriver, createSaslDriver]) {
      const abort = new AbortController();
      const connection = await create({ address: at(plain.port) }).connect({ signal: abort.signal });
      abort.abort();
      expect(connection.isOpen).toBe(true);
      expect(await new PromisedConnection(connection).store('k', 'v')).toBe(true);
      connection.destroy(given);
    }
  });

  it('works over a unix socket, where there is no RST to give up by', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'memcached-'));
    const path = join(directory, 'memcached.sock');
    const bridge = createServer((socket) => {
      const onward = connectTcp(plain.port, plain.host);
      for (const end of [socket, onward]) end.on('error', () => undefined);
      socket.pipe(onward).pipe(socket);
    });
    await new Promise<void>((resolve) => bridge.listen(path, resolve));
    try {
      const call = await connectMeta({ address: { host: 'unused', port: 0, path } });
      expect(call.connection.id).toBeUndefined();
      expect(call.connection.incarnation).toBeDefined();
      expect(await call.store('unix', 'v')).toBe(true);
      expect(String(await call.get('unix'))).toBe('v');
      const lost = call.get('k');
      call.connection.destroy(given);
      await expect(lost).rejects.toBe(given);
    } finally {
      bridge.close();
      rmSync(directory, { recursive: true });
    }
  });
});
