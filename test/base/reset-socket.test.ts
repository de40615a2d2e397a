import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, createServer as createTlsServer, Server as TlsServer } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { resetSocket } from '../../src/base/reset-socket.js';
import { createCertificate } from '../../src/testing/servers/certificate.js';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

/** Tells how each of its connections ended. */
async function listening(server: Server, at: object = { host: '127.0.0.1', port: 0 }) {
  const ends: string[] = [];
  const heard = (error: Error) => ends.push('code' in error ? String(error.code) : error.message);
  // Where a connection ends before the server has read the end of the handshake.
  server.on('tlsClientError', heard);
  server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
    socket.on('error', heard);
    socket.on('end', () => ends.push('FIN'));
    socket.resume();
  });
  servers.push(server);
  server.listen(at);
  await once(server, 'listening');
  const address = server.address();
  return { ends, port: typeof address === 'object' && address !== null ? address.port : 0 };
}

async function opened(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

const turn = () => new Promise<void>((resolve) => process.nextTick(resolve));

describe('a TCP socket that is given up', () => {
  it('is reset, and its peer hears of it', async () => {
    const { ends, port } = await listening(createServer());
    const socket = await opened(port);
    resetSocket(socket);
    await once(socket, 'close');
    await expect.poll(() => ends).toEqual(['ECONNRESET']);
  });

  it.each([0, 1, 2, 3])('is closed while it is being shut down, %s ticks later', async (ticks) => {
    const { ends, port } = await listening(createServer());
    const socket = await opened(port);
    socket.end();
    for (let i = 0; i < ticks; i++) await turn();
    resetSocket(socket);
    await once(socket, 'close');
    await expect.poll(() => ends).toHaveLength(1);
  });

  it('is closed at once while it connects, and twice is once', async () => {
    const { port } = await listening(createServer());
    const socket = connect(port, '127.0.0.1');
    const closed = once(socket, 'close');
    resetSocket(socket);
    resetSocket(socket);
    expect(socket.destroyed).toBe(true);
    await closed;
  });

  it('is closed on a unix socket', async () => {
    const path = join(tmpdir(), `ringfence-reset-${process.pid}.sock`);
    const { ends } = await listening(createServer(), { path });
    const socket = connect(path);
    await once(socket, 'connect');
    resetSocket(socket);
    await once(socket, 'close');
    await expect.poll(() => ends).toEqual(['FIN']);
  });
});

describe('a TCP socket under TLS', () => {
  it.each(['idle', 'being shut down'])('goes with the TLS socket, %s or not', async (state) => {
    const directory = await mkdtemp(join(tmpdir(), 'ringfence-reset-'));
    const { keyFile, ca } = await createCertificate({ directory });
    const { ends, port } = await listening(createTlsServer({ key: await readFile(keyFile), cert: ca }));
    await rm(directory, { recursive: true });
    for (let round = 0; round < 20; round++) {
      const socket = await opened(port);
      const stream = connectTls({ socket, rejectUnauthorized: false });
      const failed: unknown[] = [];
      for (const each of [socket, stream]) each.on('error', (error) => failed.push(error));
      await once(stream, 'secureConnect');
      stream.resume();
      if (state !== 'idle') stream.end();
      const gone = Promise.all([once(socket, 'close'), once(stream, 'close')]);
      resetSocket(socket, stream);
      await gone;
      expect([failed, socket.destroyed, stream.destroyed]).toEqual([[], true, true]);
    }
    await expect.poll(() => ends).toHaveLength(20);
    if (state === 'idle') expect(new Set(ends)).toEqual(new Set(['ECONNRESET']));
  });
});
