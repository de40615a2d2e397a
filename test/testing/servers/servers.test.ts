import { existsSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { askOnce } from '../../../src/testing/servers/ask-once.js';
import { startBlackhole } from '../../../src/testing/servers/blackhole.js';
import { startMemcached } from '../../../src/testing/servers/memcached-server.js';
import { startRedis } from '../../../src/testing/servers/redis-server.js';
import { killRunningServers, runningServers, startedServers } from '../../../src/testing/servers/started-servers.js';
import type { TestServer } from '../../../src/testing/servers/test-server.js';

const toStop: { stop(): Promise<void> }[] = [];
const keep = async <T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
  const server = await starting;
  toStop.push(server);
  return server;
};

afterEach(async () => {
  await Promise.all(toStop.splice(0).map((server) => server.stop()));
});

const ask = (server: TestServer, request: string, path?: string, limitMs?: number) => {
  const target = { host: server.host, port: server.port, path, tls: server.certificate !== undefined };
  return askOnce(target, request, (text) => /\r\n$/.test(text), limitMs);
};

describe.each([
  { kind: 'redis', start: startRedis, ping: 'PING\r\n', pong: '+PONG\r\n' },
  { kind: 'memcached', start: startMemcached, ping: 'mn\r\n', pong: 'MN\r\n' },
] as const)('a real $kind', ({ kind, start, ping, pong }) => {
  it('answers when started, and leaves neither process nor directory when stopped', async () => {
    const startedBefore = startedServers()[kind];
    const server = await keep(start());
    expect(await ask(server, ping)).toBe(pong);
    expect(server).toMatchObject({ kind, isRunning: true, url: `${kind}://127.0.0.1:${server.port}` });
    expect(startedServers()[kind]).toBe(startedBefore + 1);
    expect(runningServers().get(server.pid)).toBe(kind);
    await server.stop();
    expect(server.isRunning).toBe(false);
    expect(runningServers().size).toBe(0);
    expect(existsSync(server.directory)).toBe(false);
    expect(() => process.kill(server.pid, 0)).toThrow('ESRCH');
  });

  it('hangs while paused, though the kernel accepts connections, and answers what it was asked when resumed', async () => {
    const server = await keep(start());
    await server.pause();
    const socket = connectTcp(server.port, server.host);
    const answer = new Promise<string>((resolve) => socket.once('data', (chunk) => resolve(String(chunk))));
    await new Promise<void>((resolve) => socket.write(ping, () => resolve()));
    expect(await ask(server, ping, undefined, 500)).toBeUndefined();
    server.resume();
    expect(await answer).toBe(pong);
    socket.destroy();
  });

  it('comes back on its port after kill9, paused or not, and after restart', async () => {
    const server = await keep(start());
    const pids = new Set([server.pid]);
    await server.pause();
    await server.kill9();
    expect(server.isRunning).toBe(false);
    expect(await ask(server, ping)).toBeUndefined();
    await server.restart();
    pids.add(server.pid);
    await server.restart();
    pids.add(server.pid);
    expect(await ask(server, ping)).toBe(pong);
    expect(pids.size).toBe(3);
  });

  it('speaks TLS with a certificate that is its own authority and is good for 127.0.0.1', async () => {
    const server = await keep(start({ tls: true }));
    expect(server.url).toBe(`${kind}s://127.0.0.1:${server.port}`);
    const socket = connectTls({ host: server.host, port: server.port, ca: server.certificate?.ca });
    await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
    expect(socket.authorized).toBe(true);
    socket.destroy();
    expect(await ask(server, ping)).toBe(pong);
  });

  it('takes more arguments, and says in its own words why it could not start', async () => {
    const message = kind === 'redis' ? 'no-such-option' : "unrecognized option '--no-such-option'";
    await expect(start({ args: ['--no-such-option', 'x'] })).rejects.toThrow(message);
    const taken = await keep(start());
    await expect(start({ port: taken.port })).rejects.toThrow(/address already in use/i);
  });

  it('ends in good order when asked to', async () => {
    const server = await keep(start());
    await server.terminate();
    expect(server.isRunning).toBe(false);
  });

  it('is killed when this process exits', async () => {
    const server = await keep(start());
    expect(process.listeners('exit')).toContain(killRunningServers);
    killRunningServers();
    await expect.poll(() => server.isRunning).toBe(false);
  });
});

it('redis asks for its password and serves a unix socket', async () => {
  const server = await keep(startRedis({ password: 'p w', unixSocket: true }));
  expect(server.url).toBe(`redis://:p%20w@127.0.0.1:${server.port}`);
  expect(await ask(server, 'PING\r\n')).toMatch('-NOAUTH');
  expect(await ask(server, 'AUTH "p w"\r\n', server.path)).toBe('+OK\r\n');
});

it('memcached with SASL takes the right password and no other', async () => {
  const server = await keep(startMemcached({ sasl: { username: 'ann', password: 'p:w' } }));
  expect(server.url).toBe(`memcached+sasl://ann:p%3Aw@127.0.0.1:${server.port}`);
  expect(await saslStatus(server, 'ann', 'p:w')).toBe(0);
  expect(await saslStatus(server, 'ann', 'wrong')).toBe(0x20);
});

it('connecting to a blackhole neither succeeds nor fails', async () => {
  const blackhole = await startBlackhole();
  const socket = connectTcp(blackhole.port, blackhole.host);
  const outcome = await Promise.race([
    new Promise((resolve) => socket.once('connect', () => resolve('connected')).once('error', resolve)),
    new Promise((resolve) => setTimeout(resolve, 200, 'neither')),
  ]);
  expect(outcome).toBe('neither');
  socket.destroy();
  await blackhole.close();
});

/** Status of an authentication by the binary protocol: SASL auth is command 0x21, its mechanism travels as the key. */
function saslStatus(server: TestServer, username: string, password: string): Promise<number> {
  const mechanism = Buffer.from('PLAIN');
  const secret = Buffer.from(`\0${username}\0${password}`);
  const header = Buffer.alloc(24);
  header[0] = 0x80;
  header[1] = 0x21;
  header.writeUInt16BE(mechanism.length, 2);
  header.writeUInt32BE(mechanism.length + secret.length, 8);
  return new Promise((resolve, reject) => {
    const socket = connectTcp(server.port, server.host);
    socket.once('error', reject);
    socket.once('data', (reply) => {
      socket.destroy();
      resolve(reply.readUInt16BE(6));
    });
    socket.write(Buffer.concat([header, mechanism, secret]));
  });
}
