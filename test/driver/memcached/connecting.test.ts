import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectTcp, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Connection } from '../../../src/driver/driver.js';
import type { MemcachedOptions } from '../../../src/driver/memcached/memcached-options.js';
import { createMetaDriver } from '../../../src/driver/memcached/meta-driver.js';
import { createSaslDriver } from '../../../src/driver/memcached/sasl-driver.js';
import { NodeError } from '../../../src/errors.js';
import { FaultProxy } from '../../../src/testing/fault-proxy/fault-proxy.js';
import { askGet, askStore, PromisedConnection } from '../../../src/testing/promised-connection.js';
import { startBlackhole } from '../../../src/testing/servers/blackhole.js';
import { startMemcached } from '../../../src/testing/servers/memcached-server.js';
import { ScriptedNode } from './scripted-node.js';

type Started = Awaited<ReturnType<typeof startMemcached>>;

const given = new NodeError('lost', 'the test is over');
const connections: Connection[] = [];
const listeners: Server[] = [];
let plain: Started;
let secure: Started;
let elsewhere: Started;

beforeAll(async () => {
  [plain, secure, elsewhere] = await Promise.all([
    startMemcached(),
    startMemcached({ tls: true }),
    startMemcached({ tls: { names: ['elsewhere.example'] } }),
  ]);
});
afterAll(() => Promise.all([plain.stop(), secure.stop(), elsewhere.stop()]));
afterEach(() => {
  for (const connection of connections.splice(0)) connection.destroy(given);
  for (const listener of listeners.splice(0)) listener.close();
});

const at = (port: number) => ({ host: '127.0.0.1', port });

async function connect(options: MemcachedOptions, limitMs = 2000): Promise<PromisedConnection> {
  const connection = await createMetaDriver(options).connect({ signal: AbortSignal.timeout(limitMs) });
  connections.push(connection);
  return new PromisedConnection(connection);
}

/** Sockets and servers that this process holds. */
function handles(): number {
  return process.getActiveResourcesInfo().filter((name) => /TCP|Pipe|TLS/.test(name)).length;
}

async function listen(onConnection: (socket: Socket) => void): Promise<number> {
  const server = createServer(onConnection);
  listeners.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}

describe('connecting', () => {
  it('A8: a closed port is refused at once', async () => {
    const port = await listen(() => undefined);
    for (const listener of listeners.splice(0)) await new Promise((resolve) => listener.close(resolve));
    const start = performance.now();
    await expect(connect({ address: at(port) })).rejects.toMatchObject({ code: 'ERR_NODE', reason: 'refused' });
    expect(performance.now() - start).toBeLessThan(100);
    await expect(connect({ address: { host: '', port: 0, path: '/nowhere/memcached.sock' } })).rejects.toMatchObject({
      reason: 'refused',
    });
  });

  it('A9: a port that swallows packets is given up when the signal says so, and leaves no socket', async () => {
    const blackhole = await startBlackhole();
    try {
      const before = handles();
      const start = performance.now();
      await expect(connect({ address: blackhole }, 100)).rejects.toMatchObject({ reason: 'unreachable' });
      expect(performance.now() - start).toBeLessThan(300);
      await expect.poll(handles).toBeLessThanOrEqual(before);
    } finally {
      await blackhole.close();
    }
  });

  it('C7, C8: a name that is unknown fails, one whose look-up hangs is given up', async () => {
    const unknown: MemcachedOptions['lookup'] = (host, _, callback) =>
      callback(Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' }), '', 4);
    await expect(connect({ address: { host: 'x.invalid', port: 1 }, lookup: unknown })).rejects.toMatchObject({
      reason: 'unreachable',
      message: expect.stringContaining('ENOTFOUND'),
    });
    const hangs: MemcachedOptions['lookup'] = () => undefined;
    await expect(connect({ address: { host: 'x.invalid', port: 1 }, lookup: hangs }, 50)).rejects.toMatchObject({
      reason: 'unreachable',
    });
  });

  it('C10: looks the name up anew at every connect', async () => {
    let asked = 0;
    const lookup: MemcachedOptions['lookup'] = (_, options, callback) => {
      asked++;
      if (options.all) callback(null, [{ address: '127.0.0.1', family: 4 }]);
      else callback(null, '127.0.0.1', 4);
    };
    const driver = createMetaDriver({ address: { host: 'cache.example', port: plain.port }, lookup });
    for (let round = 1; round <= 3; round++) {
      connections.push(await driver.connect({ signal: AbortSignal.timeout(2000) }));
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
    const port = await listen(() => undefined);
    for (const listener of listeners.splice(0)) await new Promise((resolve) => listener.close(resolve));
    await expect(connect({ address: { host: 'two.example', port }, lookup })).rejects.toMatchObject({
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

  it('A2: a server that stands still is given up during the handshake', async () => {
    const hung = await startMemcached();
    await hung.pause();
    try {
      await expect(connect({ address: hung }, 100)).rejects.toMatchObject({
        reason: 'unreachable',
        message: expect.stringContaining('did not answer in time'),
      });
    } finally {
      hung.resume();
      await hung.stop();
    }
  });

  it('A7: a server that closes at once is lost, with the hint at TLS', async () => {
    const port = await listen((socket) => socket.destroy());
    await expect(connect({ address: at(port) })).rejects.toMatchObject({
      reason: 'lost',
      message: expect.stringContaining('TLS port?'),
    });
  });

  it('A16: speakers of other protocols are named, at once and without gathering what they say', async () => {
    const banners = [
      ['SSH-2.0-OpenSSH_9.2\r\n', 'SSH'],
      ['HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n', 'HTTP'],
      ["-ERR unknown command 'stats'\r\n", 'Redis'],
      ['\x15\x03\x01\x00\x02\x02F', 'TLS'],
      ['\x81\x10\x00\x00'.padEnd(24, '\0'), 'sasl'],
      ['\0\0\0\0', ''],
      ['x'.repeat(100_000), ''],
    ] as const;
    const proxy = await FaultProxy.start({ port: plain.port });
    try {
      for (const [banner, name] of banners) {
        proxy.banner(Buffer.from(banner, 'latin1'));
        await expect(connect({ address: at(proxy.port) }, 500), name).rejects.toMatchObject({
          reason: 'protocol',
          message: expect.stringContaining(name),
        });
      }
    } finally {
      await proxy.close();
    }
  });

  it('a server without the meta protocol is refused before a value could be taken for commands', async () => {
    const node = await ScriptedNode.start(
      (socket, text) => {
        for (const line of text.split('\r\n').slice(0, -1))
          socket.write(line.startsWith('stats') ? 'END\r\n' : 'ERROR\r\n');
      },
      { isBare: true },
    );
    await expect(connect({ address: node.address })).rejects.toMatchObject({
      reason: 'protocol',
      message: expect.stringContaining('1.6'),
    });
    await node.close();
  });

  it('a server that keeps its statistics to itself is served without', async () => {
    const node = await ScriptedNode.start(
      (socket, text) => {
        for (const line of text.split('\r\n').slice(0, -1))
          socket.write(line === 'mn' ? 'MN\r\n' : 'CLIENT_ERROR no\r\n');
      },
      { isBare: true },
    );
    const { connection } = await connect({ address: node.address });
    expect(connection).toMatchObject({ id: undefined, incarnation: undefined, maxValueBytes: undefined, isOpen: true });
    await node.close();
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
      const call = await connect({ address: { host: 'unused', port: 0, path } });
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

  it('auth file: the right password is let in, the wrong one and none are not, and no error repeats it', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'memcached-'));
    writeFileSync(join(directory, 'users'), 'user:s3cret:wörd\n');
    const server = await startMemcached({ args: ['-Y', join(directory, 'users')] });
    try {
      const right = await connect({ address: server, credentials: { username: 'user', password: 's3cret:wörd' } });
      expect(await right.store('k', 'v')).toBe(true);
      const keys: string[] = [];
      for await (const batch of right.connection.keys('')) keys.push(...batch);
      expect(keys).toEqual(['k']);
      const asked = await connect({
        address: server,
        credentials: async () => ({ username: 'user', password: 's3cret:wörd' }),
      });
      expect(String(await asked.get('k'))).toBe('v');
      for (const credentials of [
        { username: 'user', password: 'canary' },
        { username: 'other', password: 's3cret:wörd' },
        { username: 'user\r\nflush_all', password: 'canary' },
        { username: 'user', password: 'canary\r\nflush_all' },
        undefined,
      ]) {
        const error: unknown = await connect({ address: server, credentials }).catch((reason: unknown) => reason);
        expect(error).toMatchObject({ code: 'ERR_NODE', reason: 'auth' });
        expect(String(error)).not.toMatch(/canary|s3cret/);
      }
      expect(String(await right.get('k'))).toBe('v');
    } finally {
      await server.stop();
      rmSync(directory, { recursive: true });
    }
  });

  it('credentials that cannot be had are a failure of authentication, with their cause', async () => {
    const cause = new Error('vault is sealed');
    const credentials = () => Promise.reject(cause);
    await expect(connect({ address: plain, credentials })).rejects.toMatchObject({ reason: 'auth', cause });
  });
});

describe('TLS', () => {
  it('C6: verifies the certificate unless told not to', async () => {
    const { ca } = secure.certificate ?? { ca: '' };
    const trusted = await connect({ address: secure, tls: { ca } });
    expect(await trusted.store('k', 'v')).toBe(true);
    expect(trusted.connection.id).toMatch(/^tcp:127/);
    await expect(connect({ address: secure, tls: {} })).rejects.toMatchObject({
      reason: 'unreachable',
      message: expect.stringContaining('self-signed'),
    });
    const foreign = elsewhere.certificate?.ca ?? '';
    await expect(connect({ address: elsewhere, tls: { ca: foreign } })).rejects.toMatchObject({
      message: expect.stringContaining('altnames'),
    });
    const named = await connect({ address: elsewhere, tls: { ca: [foreign], servername: 'elsewhere.example' } });
    expect(await named.get('k')).toBeUndefined();
    const unverified = await connect({ address: secure, tls: { insecureSkipVerify: true } });
    expect(String(await unverified.get('k'))).toBe('v');
  });

  it('C4: to a port without TLS fails with that hint, whether the port is silent or speaks', async () => {
    const silent = await listen((socket) => void socket.on('error', () => undefined).resume());
    for (const port of [plain.port, silent]) {
      await expect(connect({ address: at(port), tls: { insecureSkipVerify: true } }, 300)).rejects.toMatchObject({
        reason: 'unreachable',
        message: expect.stringContaining('no TLS on this port?'),
      });
    }
  });

  it('C5: a plain client at a TLS port hears that hint', async () => {
    const { certFile, keyFile } = secure.certificate ?? { certFile: '', keyFile: '' };
    const read = (path: string): Buffer => execFileSync('cat', [path]);
    const other = createTlsServer({ cert: read(certFile), key: read(keyFile) });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const otherPort = address !== null && typeof address === 'object' ? address.port : 0;
    for (const port of [secure.port, otherPort]) {
      await expect(connect({ address: at(port) }, 1000)).rejects.toMatchObject({
        code: 'ERR_NODE',
        message: expect.stringContaining('TLS port?'),
      });
    }
    other.close();
  });

  it('every request of a large batch is answered, though memcached forgets those in the rest of a record', async () => {
    const call = await connect({ address: secure, tls: { insecureSkipVerify: true } });
    for (const [count, size] of [
      [200, 100],
      [1000, 100],
      [60, 1000],
      [100, 4000],
      [30, 40_000],
    ] as const) {
      const value = Buffer.alloc(size, size % 251);
      const keys = Array.from({ length: count }, (_, index) => `tls:${size}:${index}`);
      const stored = keys.map((key) => call.sendAll([askStore(key, value)])[0]);
      const together = call.sendAll(keys.map((key) => askStore(key, value)));
      expect(new Set(await Promise.all([...stored, ...together]))).toEqual(new Set([true]));
      for (const found of await Promise.all(call.sendAll(keys.map(askGet)))) expect(found?.equals(value)).toBe(true);
    }
  });

  it('destroy cuts the TCP connection under it', async () => {
    const proxy = await FaultProxy.start({ port: secure.port });
    try {
      const call = await connect({ address: at(proxy.port), tls: { insecureSkipVerify: true } });
      expect(proxy.connections).toHaveLength(1);
      const lost = call.get('k');
      call.connection.destroy(given);
      await expect(lost).rejects.toBe(given);
      await expect.poll(() => proxy.connections.length).toBe(0);
    } finally {
      await proxy.close();
    }
  });
});
