import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { CacheError } from '../../../src/errors.js';
import { askGet } from '../../../src/testing/promised-connection.js';
import { startMemcached } from '../../../src/testing/servers/memcached-server.js';
import { at, connectSasl } from './connections.js';

const user = { username: 'user', password: 'password' };
const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const connect = (port: number) => connectSasl({ address: at(port), credentials: user });

interface Request {
  readonly opcode: number;
  readonly opaque: number;
}

function response(
  { opcode, opaque }: Request,
  status: number,
  value = '',
  changes: Partial<Request> & { magic?: number; bodyLength?: number } = {},
): Buffer {
  const body = Buffer.from(value);
  const frame = Buffer.alloc(24 + body.length);
  frame.writeUInt8(changes.magic ?? 0x81, 0);
  frame.writeUInt8(changes.opcode ?? opcode, 1);
  frame.writeUInt16BE(status, 6);
  frame.writeUInt32BE(changes.bodyLength ?? body.length, 8);
  frame.writeUInt32BE(changes.opaque ?? opaque, 12);
  body.copy(frame, 24);
  return frame;
}

const LIST = 0x20;
const AUTHENTICATE = 0x21;
const STAT = 0x10;

/** Answers the handshake as a memcached without statistics; `answer` has the rest, and may have that too. */
async function scripted(answer: (socket: Socket, request: Request) => Buffer | undefined): Promise<number> {
  const listener = createServer((socket) => {
    socket.on('error', () => undefined);
    let rest = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 24 && rest.length >= 24 + rest.readUInt32BE(8)) {
        const request = { opcode: rest.readUInt8(1), opaque: rest.readUInt32BE(12) };
        rest = rest.subarray(24 + rest.readUInt32BE(8));
        const frame = answer(socket, request) ?? standard(request);
        if (frame !== undefined && !socket.destroyed) socket.write(frame);
      }
    });
    closers.push(async () => socket.destroy());
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  closers.push(async () => listener.close());
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}

function standard(request: Request): Buffer | undefined {
  if (request.opcode === LIST) return response(request, 0, 'CRAM-MD5 PLAIN');
  return request.opcode === AUTHENTICATE || request.opcode === STAT ? response(request, 0) : undefined;
}

describe('binary responses', () => {
  it('A5: a reset at any offset of three responses settles each once, and the connection is told as lost', async () => {
    const frames = ['3', '4', '5'].map((text) => Buffer.byteLength(text) + 24);
    const length = frames.reduce((sum, size) => sum + size, 0);
    for (let offset = 0; offset < length; offset++) {
      let gathered = Buffer.alloc(0);
      const port = await scripted((socket, request) => {
        if (request.opcode !== 0) return undefined;
        gathered = Buffer.concat([gathered, response(request, 0, String(3 + Math.floor(gathered.length / 25)))]);
        if (gathered.length === length)
          socket.write(gathered.subarray(0, offset), () => setImmediate(() => socket.resetAndDestroy()));
        return Buffer.alloc(0);
      });
      const call = await connect(port);
      const closed: CacheError[] = [];
      call.connection.onClose = (error) => closed.push(error);
      const results = await Promise.allSettled(call.sendAll(['a', 'b', 'c'].map(askGet)));
      for (const [index, result] of results.entries()) {
        const isWhole = 25 * (index + 1) <= offset;
        if (isWhole) expect(result).toMatchObject({ status: 'fulfilled' });
        else expect(result).toMatchObject({ reason: { reason: 'lost' } });
      }
      await expect.poll(() => closed.length).toBe(1);
    }
  });

  it('A15, A16, A17: a response of another request, of a foreign magic or an impossible length ends the connection', async () => {
    const strange: ((request: Request) => Buffer)[] = [
      (request) => response(request, 0, 'v', { opaque: request.opaque + 1 }),
      (request) => response(request, 0, 'v', { opcode: 1 }),
      (request) => response(request, 0, 'v', { magic: 0x80 }),
      (request) => response(request, 0, 'v', { bodyLength: 0xffff_ffff }),
      (request) => Buffer.concat([response(request, 1), response(request, 1)]),
      () => Buffer.from('ERROR\r\n'),
    ];
    for (const answer of strange) {
      const port = await scripted((_, request) => (request.opcode === 0 ? answer(request) : undefined));
      const call = await connect(port);
      const closed: CacheError[] = [];
      call.connection.onClose = (error) => closed.push(error);
      const results = await Promise.allSettled(call.sendAll([askGet('a'), askGet('b')]));
      expect(results[1]).toMatchObject({ reason: { code: 'ERR_NODE', reason: 'protocol' } });
      expect(closed).toMatchObject([{ reason: 'protocol' }]);
    }
  });

  it('B10: sorts each status by what it means', async () => {
    const reasons = [
      [0x03, { code: 'ERR_VALUE_TOO_LARGE' }],
      [0x06, { reason: 'wrong-type' }],
      [0x20, { reason: 'auth' }],
      [0x81, { reason: 'rejected' }],
      [0x82, { reason: 'full' }],
      [0x84, { reason: 'rejected' }],
      [0x85, { reason: 'busy' }],
      [0x86, { reason: 'busy' }],
    ] as const;
    for (const [status, expected] of reasons) {
      const port = await scripted((_, request) => (request.opcode === 1 ? response(request, status, 'No') : undefined));
      const call = await connect(port);
      await expect(call.store('k', 'v')).rejects.toMatchObject({ ...expected, key: 'k' });
      expect(call.connection.isOpen).toBe(true);
    }
  });

  it('C3: a server without SASL, or without PLAIN, or that asks for another step, is named', async () => {
    const plain = await startMemcached();
    closers.push(() => plain.stop());
    await expect(connect(plain.port)).rejects.toMatchObject({
      reason: 'auth',
      message: expect.stringContaining('memcached+sasl'),
    });
    for (const [opcode, status, text] of [
      [LIST, 0, 'CRAM-MD5 SCRAM-SHA-1'],
      [AUTHENTICATE, 0x21, 'challenge'],
      [AUTHENTICATE, 0x20, 'Auth failure'],
    ] as const) {
      const port = await scripted((_, request) =>
        request.opcode === opcode ? response(request, status, text) : undefined,
      );
      await expect(connect(port)).rejects.toMatchObject({ reason: 'auth' });
    }
  });
});
