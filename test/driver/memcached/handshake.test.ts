import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FaultProxy } from '../../../src/testing/fault-proxy/fault-proxy.js';
import { startMemcached } from '../../../src/testing/servers/memcached-server.js';
import { at, connectMeta } from './connections.js';
import { listen } from './listening.js';
import { ScriptedNode } from './scripted-node.js';

let plain: Awaited<ReturnType<typeof startMemcached>>;

beforeAll(async () => {
  plain = await startMemcached();
});
afterAll(() => plain.stop());

describe('the handshake', () => {
  it('A2: a server that stands still is given up during the handshake', async () => {
    const hung = await startMemcached();
    await hung.pause();
    try {
      // On a busy machine the shorter times may end before the kernel's word that there is a connection has come.
      const refusals: unknown[] = [];
      for (const connectMs of [100, 1_000, 10_000]) {
        const refusal = await connectMeta({ address: hung }, connectMs).catch((error: unknown) => error);
        refusals.push(refusal);
        expect(refusal).toMatchObject({ reason: 'unreachable' });
        if (/did not answer in time/.test(String(refusal))) break;
      }
      expect(String(refusals.at(-1))).toContain('did not answer in time');
    } finally {
      hung.resume();
      await hung.stop();
    }
  });

  it('A7: a server that closes at once is lost, with the hint at TLS', async () => {
    const port = await listen((socket) => socket.destroy());
    await expect(connectMeta({ address: at(port) })).rejects.toMatchObject({
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
        await expect(connectMeta({ address: at(proxy.port) }, 20_000), name).rejects.toMatchObject({
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
    await expect(connectMeta({ address: node.address })).rejects.toMatchObject({
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
    const { connection } = await connectMeta({ address: node.address });
    expect(connection).toMatchObject({ id: undefined, incarnation: undefined, maxValueBytes: undefined, isOpen: true });
    await node.close();
  });

  it('auth file: the right password is let in, the wrong one and none are not, and no error repeats it', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'memcached-'));
    writeFileSync(join(directory, 'users'), 'user:s3cret:wörd\n');
    const server = await startMemcached({ args: ['-Y', join(directory, 'users')] });
    try {
      const right = await connectMeta({ address: server, credentials: { username: 'user', password: 's3cret:wörd' } });
      expect(await right.store('k', 'v')).toBe(true);
      const keys: string[] = [];
      for await (const batch of right.connection.keys('')) keys.push(...batch);
      expect(keys).toEqual(['k']);
      const asked = await connectMeta({
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
        const error: unknown = await connectMeta({ address: server, credentials }).catch((reason: unknown) => reason);
        expect(error).toMatchObject({ code: 'ERR_NODE', reason: 'auth' });
        expect(String(error)).not.toMatch(/canary|s3cret/);
      }
      expect(String(await right.get('k'))).toBe('v');
    } finally {
      await server.stop();
      rmSync(directory, { recursive: true });
    }
  });
});
