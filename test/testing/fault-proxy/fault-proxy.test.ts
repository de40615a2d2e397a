import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FaultProxy } from '../../../src/testing/fault-proxy/fault-proxy.js';
import { stopwatch } from '../../support/stopwatch.js';

let echo: Server;
let echoed: Socket[];
let proxy: FaultProxy;
let clients: Client[];

/** A client that remembers all it received and how its connection ended. */
class Client {
  readonly socket: Socket;
  pieces: Buffer[] = [];
  end: string | undefined;

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.socket.on('data', (piece) => this.pieces.push(piece));
    this.socket.on('end', () => (this.end ??= 'end'));
    this.socket.on('error', (error: NodeJS.ErrnoException) => (this.end ??= error.code));
    clients.push(this);
  }

  get received(): string {
    return Buffer.concat(this.pieces).toString('latin1');
  }

  async until(text: string): Promise<void> {
    await expect.poll(() => this.received, { interval: 2 }).toBe(text);
  }

  async untilEnd(): Promise<string | undefined> {
    await expect.poll(() => this.end, { interval: 2 }).toBeDefined();
    return this.end;
  }
}

beforeEach(async () => {
  clients = [];
  echoed = [];
  echo = createServer((socket) => {
    echoed.push(socket);
    socket.on('error', () => undefined);
    socket.pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  proxy = await FaultProxy.start({ port: portOf(echo), seed: 7 });
});

afterEach(async () => {
  for (const { socket } of clients) socket.destroy();
  await proxy.close();
  for (const socket of echoed) socket.destroy();
  echo.close();
});

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function connected(): Promise<Client> {
  const client = new Client(proxy.port);
  client.socket.write('hello ');
  await client.until('hello ');
  return client;
}

describe('FaultProxy', () => {
  it('passes bytes both ways and the end of either side, and counts connections and bytes', async () => {
    const client = await connected();
    expect(proxy.connections).toHaveLength(1);
    expect(proxy.connections[0]).toMatchObject({ id: 1, bytesToNode: 6, bytesToClient: 6 });
    client.socket.end('bye');
    await client.until('hello bye');
    expect(await client.untilEnd()).toBe('end');
    await expect.poll(() => proxy.connections.length).toBe(0);
    expect(proxy.accepted).toBe(1);
  });

  it('passes 20 MB unchanged to a slow reader without keeping more than a bounded part of it', async () => {
    const sent = Buffer.alloc(20_000_000, 'ringfence');
    const client = await connected();
    client.socket.pause();
    client.socket.write(sent);
    await sleep(100);
    expect(proxy.connections[0]?.bytesToNode).toBeLessThan(sent.length);
    client.socket.resume();
    await expect.poll(() => client.pieces.reduce((sum, piece) => sum + piece.length, 0)).toBe(6 + sent.length);
    expect(Buffer.concat(client.pieces).subarray(6).equals(sent)).toBe(true);
  });

  it('latency delays each direction told, with jitter and in order', async () => {
    const client = await connected();
    proxy.apply({ kind: 'latency', ms: 40, jitterMs: 20 });
    const start = performance.now();
    for (const letter of 'abcdefghij') {
      client.socket.write(letter);
      await sleep(1);
    }
    await client.until('hello abcdefghij');
    expect(performance.now() - start).toBeGreaterThanOrEqual(80);
    proxy.apply({ kind: 'latency', ms: 5_000 }, 'toClient');
    client.socket.write('k');
    await expect.poll(() => proxy.connections[0]?.bytesToNode).toBe(17);
    await proxy.heal();
    await client.until('hello abcdefghijk');
  });

  it('bandwidth lets so many bytes a second through, however they are cut', async () => {
    const client = await connected();
    proxy.apply({ kind: 'bandwidth', bytesPerSecond: 20_000 }, 'toNode');
    const [ownMs, start] = [stopwatch(), performance.now()];
    for (let i = 0; i < 400; i++) client.socket.write('0123456789');
    await expect.poll(() => client.received.length, { interval: 2 }).toBe(4_006);
    const seconds = (performance.now() - start) / 1000;
    expect(ownMs()).toBeLessThan(800);
    expect(4_000 / seconds).toBeLessThan(24_000);
  });

  it('slicer makes every byte a piece of its own', async () => {
    const client = await connected();
    client.pieces = [];
    proxy.apply({ kind: 'slicer', size: 1 });
    client.socket.write('sliced to bytes');
    await client.until('sliced to bytes');
    expect(client.pieces.length).toBeGreaterThan(5);
  });

  it('hold stops both ways while all stays open, and releases in order', async () => {
    const client = await connected();
    proxy.apply({ kind: 'hold' });
    for (const letter of 'abc') client.socket.write(letter);
    await sleep(50);
    expect(client.received).toBe('hello ');
    expect(client.end).toBeUndefined();
    await proxy.heal();
    client.socket.write('d');
    await client.until('hello abcd');
  });

  it('fin ends cleanly towards the client, reset does not, and each can be done to one connection alone', async () => {
    const [first, second, third] = [await connected(), await connected(), await connected()];
    proxy.connections[0]?.fin();
    expect(await first.untilEnd()).toBe('end');
    proxy.connections.find(({ id }) => id === 2)?.reset();
    expect(await second.untilEnd()).toBe('ECONNRESET');
    third.socket.write('still here');
    await third.until('hello still here');
    proxy.reset();
    expect(await third.untilEnd()).toBe('ECONNRESET');
    expect(proxy.connections).toEqual([]);
  });

  it('limit passes exactly so many bytes, then resets', async () => {
    for (const bytes of [0, 1, 5]) {
      const client = await connected();
      proxy.connections.at(-1)?.apply({ kind: 'limit', bytes }, 'toClient');
      client.socket.write('0123456789');
      // A reset that comes right behind data is reported by libuv as a plain end.
      expect(await client.untilEnd()).toMatch(/^(ECONNRESET|end)$/);
      await expect.poll(() => proxy.connections.length).toBe(0);
      expect(client.received).toBe(`hello ${'0123456789'.slice(0, bytes)}`);
    }
  });

  it('corrupt inverts the one byte at its offset, over whatever pieces it comes in', async () => {
    const client = await connected();
    proxy.apply({ kind: 'corrupt', offset: 4 }, 'toClient');
    client.socket.write('abc');
    await client.until('hello abc');
    client.socket.write('def');
    await client.until(`hello abcd${String.fromCharCode('e'.charCodeAt(0) ^ 0xff)}f`);
  });

  it('dropBytes loses the bytes told and goes on', async () => {
    const client = await connected();
    proxy.apply({ kind: 'dropBytes', offset: 2, count: 3 }, 'toNode');
    client.socket.write('abc');
    await client.until('hello ab');
    client.socket.write('defgh');
    await client.until('hello abfgh');
  });

  it('mute answers what its rule lets pass and holds a connection from the first piece it does not', async () => {
    const [pinging, reading] = [await connected(), await connected()];
    proxy.apply({ kind: 'mute', holds: (piece) => piece.includes('GET') }, 'toNode');
    pinging.socket.write('PING');
    await pinging.until('hello PING');
    reading.socket.write('GET k');
    await sleep(20);
    reading.socket.write('PING');
    await sleep(30);
    expect(reading.received).toBe('hello ');
    pinging.socket.write('PING');
    await pinging.until('hello PINGPING');
    await proxy.heal();
    await reading.until('hello GET kPING');
  });

  it('rejects by ending or by resetting what it has accepted, and counts it', async () => {
    proxy.reject();
    expect(await new Client(proxy.port).untilEnd()).toBe('end');
    proxy.reject('reset');
    expect(await new Client(proxy.port).untilEnd()).toBe('ECONNRESET');
    expect(proxy.accepted).toBe(2);
    expect(echoed).toHaveLength(0);
    await proxy.heal();
    await connected();
  });

  it('refuses while its port is closed, with its connections alive, and serves on the same port when healed', async () => {
    const client = await connected();
    proxy.refuse();
    expect(await new Client(proxy.port).untilEnd()).toBe('ECONNREFUSED');
    client.socket.write('alive');
    await client.until('hello alive');
    await proxy.heal();
    await connected();
  });

  it('greets with a banner in place of the node, and closes after it if told', async () => {
    proxy.banner('SSH-2.0-OpenSSH\r\n');
    const client = new Client(proxy.port);
    await client.until('SSH-2.0-OpenSSH\r\n');
    client.socket.write('PING\r\n');
    expect(client.end).toBeUndefined();
    proxy.banner('ERROR Too many open connections\r\n', { thenClose: true });
    const other = new Client(proxy.port);
    expect(await other.untilEnd()).toBe('end');
    expect(other.received).toBe('ERROR Too many open connections\r\n');
  });

  it('resets its client where the node refuses, and follows the node to another address', async () => {
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const port = portOf(free);
    free.close();
    await once(free, 'close');
    proxy.redirect({ port });
    expect(await new Client(proxy.port).untilEnd()).toBe('ECONNRESET');
    proxy.redirect({ port: portOf(echo) });
    await connected();
  });
});
