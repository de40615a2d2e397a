/** Rows A14 to A17: bytes that come in pieces, damaged, from a stranger, or unasked. */

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createRedisDriver } from '../../src/driver/redis/redis-driver.js';
import { CacheError, createCache } from '../../src/index.js';
import { PromisedConnection } from '../../src/testing/promised-connection.js';
import { listenOnFreePort } from '../../src/testing/servers/free-port.js';
import { clean, ending, LATENESS_MS, OPENING_MS, openCache, PATIENT, startFleet, until } from './fleet.js';

const BANNERS: readonly (readonly [string, string | Buffer, RegExp])[] = [
  ['HTTP', 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n', /HTTP server/],
  ['SSH', 'SSH-2.0-OpenSSH_9.6\r\n', /SSH server/],
  ['TLS', Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x46]), /TLS port/],
  ['noise', Buffer.alloc(512, 7), /not a (Redis|memcached) reply/],
];

/** A server that lets `serve` do what it likes with every connection. */
async function startStranger(serve: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    serve(socket);
  });
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return listenOnFreePort(server);
}

describe('bytes that are not as they should be', () => {
  // Planted fault: a parser that takes the end of a chunk for the end of an element.
  it.each(['redis', 'memcached'] as const)('A14 one byte at a time from and to a %s: same results', async (kind) => {
    const { cache, proxy } = await startFleet({ kinds: [kind], cache: { timeouts: PATIENT, health: false } });
    proxy.apply({ kind: 'slicer', size: 1 });
    const values = [{ text: 'ä'.repeat(300) }, 7, [], null, '\r\n$5\r\nVA 2 c\r\n'];
    for (const [i, value] of values.entries()) expect(await cache.set(`key ${i}`, value, { ttlMs: 60_000 })).toBe(true);
    const found = await cache.getMany(values.map((_, i) => `key ${i}`));
    expect([...found.values()]).toEqual(values);
    expect(await cache.increment('count', 5)).toBe(5);
    const entry = await cache.getEntry('key 0');
    expect(entry?.value).toEqual(values[0]);
    expect(await cache.compareAndSet('key 0', 'new', entry?.version ?? '')).toBe(true);
    expect(await cache.delete('key 1')).toBe(true);
    expect(await cache.get('key 1')).toBeUndefined();
  });

  // Planted fault: a value is believed without its key check, and a stream out of step is read on.
  it.each(['redis', 'memcached'] as const)(
    'A15 bytes lost or damaged on a live stream of a %s: never a wrong value',
    async (kind) => {
      const { cache, proxy } = await startFleet({ kinds: [kind], cache: { health: false, timeouts: PATIENT } });
      // Alike in length, so that a shifted stream still parses.
      const wordsOf = (i: number): string => `value ${String(i).padStart(4, '0')} ${'x'.repeat(20)}`;
      for (let i = 0; i < 25; i++) await cache.set(`key ${i}`, wordsOf(i));
      let right = 0;
      // On a busy machine many are answered too late for their callers: then it takes more rounds to see as much.
      for (let round = 0; round < 60 || (right <= 200 && round < 600); round++) {
        const node = { url: `${kind}://127.0.0.1:${proxy.port}`, name: 'a' };
        const reader = createCache({ nodes: [node], retry: false, health: false, fallback: false });
        await until(() => reader.nodes()[0]?.isConnected === true);
        const offset = (round * 37) % 900;
        const count = round % 3 === 1 ? 1 + (round % 90) : 70;
        proxy.apply(round % 3 === 0 ? { kind: 'corrupt', offset } : { kind: 'dropBytes', offset, count }, 'toClient');
        for (let batch = 0; batch < 3; batch++) {
          const gets = Array.from({ length: 25 }, (__, i) => reader.get(`key ${i}`, { timeoutMs: 60 }));
          for (const [i, value] of (await Promise.all(gets)).entries()) {
            if (value !== undefined) expect(value).toBe(wordsOf(i));
            if (value !== undefined) right++;
          }
        }
        await reader.destroy();
        await proxy.heal();
      }
      expect(right).toBeGreaterThan(200);
    },
  );

  // Planted fault: a reply of another key does not end the connection it came on.
  it('A15 a value of another key ends the connection that brought it, is counted, and is a miss', async () => {
    const { cache, proxy, server } = await startFleet({ cache: { health: false, retry: false, timeouts: PATIENT } });
    await cache.set('mine', 'mine');
    await cache.set('other', 'other');
    const driver = createRedisDriver({ address: server });
    const direct = await driver.connect({ signal: AbortSignal.timeout(OPENING_MS) });
    const asked = new PromisedConnection(direct);
    await asked.store('mine', (await asked.get('other')) ?? '');
    const [connections, beganAt] = [proxy.accepted, performance.now()];
    expect(await cache.get('mine')).toBeUndefined();
    expect(cache.stats().calls.corrupt).toBe(1);
    await until(() => proxy.accepted > connections);
    // An entry that is wrong where it lies costs at most one connection a second.
    for (let i = 0; i < 20; i++) await cache.get('mine');
    await until(async () => (await cache.get('other')) === 'other');
    const seconds = Math.floor((performance.now() - beganAt) / 1_000);
    expect(proxy.accepted - connections).toBeLessThan(4 + seconds);
    direct.destroy(new CacheError('ERR_CLOSED', 'the test is over'));
  });

  // Planted fault: a greeting is waited for, or kept without end, in place of being refused.
  it.each(BANNERS)('A16 %s in place of Redis or memcached: refused at once, by name', async (_, greeting, name) => {
    clean();
    const port = await startStranger((socket) => {
      socket.resume();
      socket.write(greeting);
    });
    for (const url of [
      `redis://127.0.0.1:${port}`,
      `redis://:secret@127.0.0.1:${port}`,
      `memcached://127.0.0.1:${port}`,
    ]) {
      const cache = createCache({
        nodes: [url],
        health: false,
        onUnavailable: 'throw',
        retry: false,
        timeouts: PATIENT,
      });
      const { error, ms } = await ending(() => cache.get('key'));
      expect(ms).toBeLessThan(1_000);
      expect(error).toMatchObject({ cause: { reason: 'protocol' } });
      expect(String(error)).toMatch(name);
      await cache.destroy();
    }
  });

  // Planted fault: bytes without end are gathered in the hope of a line break.
  it('A16 a stranger that never stops talking costs bounded memory', async () => {
    clean();
    const port = await startStranger((socket) => {
      socket.resume();
      const talk = (): void => void (socket.destroyed || socket.write(Buffer.alloc(1 << 20, '+'), talk));
      talk();
    });
    for (const scheme of ['redis', 'memcached']) {
      const before = process.memoryUsage().arrayBuffers;
      const cache = createCache({ nodes: [`${scheme}://127.0.0.1:${port}`], health: false });
      expect((await ending(() => cache.get('key'))).ms).toBeLessThan(500 + LATENESS_MS);
      await until(() => cache.nodes()[0]?.lastError !== undefined);
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
      await cache.destroy();
    }
  });

  // Planted fault: the text of a refusal is read as the beginning of a reply.
  it('A16 memcached out of connections says so, and serves once there is room', async () => {
    const fleet = await startFleet({
      kinds: ['memcached'],
      args: ['-c', '60'],
      isDirect: true,
      cache: { health: false },
    });
    const port = fleet.server.port;
    const sockets = Array.from({ length: 90 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
    const full = createCache({ nodes: [`memcached://127.0.0.1:${port}`], health: false, onUnavailable: 'throw' });
    await until(() => full.nodes()[0]?.lastError !== undefined);
    expect(full.nodes()[0]?.lastError).toMatch(/too many open connections|closed the connection|did not accept/i);
    for (const socket of sockets) socket.destroy();
    await until(async () => (await full.set('key', 1).catch(() => false)) === true);
    await full.destroy();
  });

  // Planted fault: a reply that nothing asked for is dropped, or throws where nobody catches.
  it('A17 an unasked reply, and one reply too many, end the connection and nothing else', async () => {
    const { server } = await startFleet({ cache: { health: false } });
    let isHostile = false;
    const port = await startStranger((socket) => {
      const node = connect(server.port, '127.0.0.1');
      node.on('error', () => undefined);
      socket.on('close', () => node.destroy());
      node.on('close', () => socket.destroy());
      socket.on('data', (bytes) => node.write(bytes));
      node.on('data', (bytes: Buffer) =>
        socket.write(isHostile ? Buffer.concat([bytes, Buffer.from('+SURPRISE\r\n')]) : bytes),
      );
      const greet = setInterval(() => isHostile && socket.write('+SURPRISE\r\n'), 50);
      socket.on('close', () => clearInterval(greet));
    });
    const cache = await openCache({
      nodes: [{ url: `redis://127.0.0.1:${port}`, name: 'a' }],
      health: false,
      retry: false,
      timeouts: PATIENT,
    });
    await until(() => cache.nodes()[0]?.isConnected === true);
    await cache.set('key', 'value');
    isHostile = true;
    const ends = await Promise.all(Array.from({ length: 20 }, () => ending(() => cache.get('key'))));
    for (const { value, error } of ends) expect([error, value]).toEqual([undefined, 'value']);
    await until(() => cache.nodes()[0]?.isConnected === false);
    expect(cache.nodes()[0]?.lastError).toMatch(/nothing asked for/);
    isHostile = false;
    await until(async () => (await cache.set('key', 'again')) === true);
    expect(await cache.get('key')).toBe('again');
  });
});
