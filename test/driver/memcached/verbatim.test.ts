/** Entries shared with clients that use keys of 250 bytes, client flags, append and prepend; by both protocols. */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { NodeError } from '../../../src/errors.js';
import { askOnce } from '../../../src/testing/servers/ask-once.js';
import { startMemcached } from '../../../src/testing/servers/memcached-server.js';
import { at, connectMeta, connectSasl } from './connections.js';

let server: Awaited<ReturnType<typeof startMemcached>>;

beforeAll(async () => {
  server = await startMemcached();
});
beforeEach(() => ask('flush_all\r\n'));
afterAll(() => server.stop());

const ask = (request: string): Promise<string | undefined> =>
  askOnce(server, request, (answer) => /(?:END|STORED|HD|EN|OK)\r\n$/.test(answer));
const bytes = (flags: number, text: string): Buffer => {
  const value = Buffer.alloc(4 + Buffer.byteLength(text));
  value.writeUInt32BE(flags, 0);
  value.write(text, 4);
  return value;
};
const FLAGS = 0xfedcba98;

describe.each([
  ['meta', connectMeta],
  ['binary', connectSasl],
] as const)('verbatim entries in the %s protocol', (name, connectBy) => {
  const connect = () => connectBy({ address: at(server.port), isVerbatim: true, isAuthOptional: true });

  it('have their client flags before the value, on the way in and out', async () => {
    const call = await connect();
    for (const mode of ['set', 'replace'] as const) {
      expect(await call.store(`${name}:f`, bytes(FLAGS, 'value'), { mode })).toBe(true);
      expect(await ask(`get ${name}:f\r\n`)).toBe(`VALUE ${name}:f ${FLAGS} 5\r\nvalue\r\nEND\r\n`);
    }
    expect(await call.get(`${name}:f`)).toEqual(bytes(FLAGS, 'value'));
    await ask(`set ${name}:g 77 0 0\r\n\r\n`);
    expect(await call.get(`${name}:g`)).toEqual(bytes(77, ''));
    expect(await call.store(`${name}:h`, bytes(0, 'ab'), { mode: 'add' })).toBe(true);
    expect(await ask(`get ${name}:h\r\n`)).toBe(`VALUE ${name}:h 0 2\r\nab\r\nEND\r\n`);
    const together = await Promise.all([call.get(`${name}:f`), call.get(`${name}:none`), call.get(`${name}:g`)]);
    expect(together).toEqual([bytes(FLAGS, 'value'), undefined, bytes(77, '')]);
  });

  it('may have values that come in many pieces', async () => {
    const call = await connect();
    const large = Buffer.concat([bytes(5, ''), Buffer.alloc(700_000, 'x')]);
    await call.store(`${name}:large`, large);
    expect((await call.get(`${name}:large`))?.equals(large)).toBe(true);
  });

  it('keep their flags where a counter is made smaller', async () => {
    const call = await connect();
    await call.store(`${name}:n`, bytes(9, '100'));
    expect(await call.count(`${name}:n`, -1)).toBe(99);
    expect(String(await call.get(`${name}:n`)).trimEnd()).toBe(String(bytes(9, '99')));
  });

  it('have keys of up to 250 bytes', async () => {
    const call = await connect();
    for (const key of ['k'.repeat(250), 'é'.repeat(125), ' '.repeat(186)]) {
      expect(await call.store(key, bytes(1, 'v'))).toBe(true);
      expect(await call.raw('append', key, Buffer.from('w'))).toBe('STORED');
      expect(await call.get(key)).toEqual(bytes(1, 'vw'));
      expect(await call.delete(key)).toBe(true);
    }
    await expect(call.get('k'.repeat(251))).rejects.toMatchObject({ code: 'ERR_INVALID_KEY' });
    await expect(call.raw('append', '', Buffer.from('w'))).rejects.toBeInstanceOf(Error);
    expect(await call.get('k'.repeat(250))).toBeUndefined();
  });

  it('are appended and prepended to, in the order sent, and only if they are there', async () => {
    const call = await connect();
    expect(await call.raw('append', `${name}:a`, Buffer.from('x'))).toBe('NOT_STORED');
    const key = `${name}:a`;
    const results = await Promise.all([
      call.store(key, bytes(3, 'b')),
      call.raw('append', key, Buffer.from('c')),
      call.raw('prepend', key, Buffer.from('a')),
      call.get(key),
      call.delete(key),
      call.raw('prepend', key, Buffer.from('z')),
    ]);
    expect(results).toEqual([true, 'STORED', 'STORED', bytes(3, 'abc'), true, 'NOT_STORED']);
  });
});

describe('a lease', () => {
  it('is nothing to append to', async () => {
    const [call, other] = [
      await connectMeta({ address: at(server.port) }),
      await connectMeta({ address: at(server.port) }),
    ];
    expect(await other.lease('leased')).toMatchObject({ token: expect.any(String) });
    expect(await call.raw('append', 'leased', Buffer.from('x'))).toBe('NOT_STORED');
    expect(await call.get('leased')).toBeUndefined();
  });
});

describe('a server without SASL', () => {
  const options = () => ({ address: at(server.port), credentials: { username: 'u', password: 'secret' } });

  it('is served without where that may be, and refused otherwise', async () => {
    const call = await connectSasl({ ...options(), isAuthOptional: true });
    expect(await call.store('k', 'v')).toBe(true);
    await expect(connectSasl(options())).rejects.toBeInstanceOf(NodeError);
  });
});
