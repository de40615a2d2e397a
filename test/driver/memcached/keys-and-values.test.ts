import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MetaConnection } from '../../../src/driver/memcached/meta-connection.js';
import { askGet, askStore, type PromisedConnection } from '../../../src/testing/promised-connection.js';
import { startMemcached } from '../../../src/testing/servers/memcached-server.js';
import { at, connectMeta } from './connections.js';

let server: Awaited<ReturnType<typeof startMemcached>>;

beforeAll(async () => {
  server = await startMemcached();
});
afterAll(() => server.stop());

const connect = (port = server.port) => connectMeta({ address: at(port) });

async function statistic(call: PromisedConnection, name: string): Promise<number> {
  const lines = (await call.raw('stats')) as string[];
  return Number(lines.find((line) => line.startsWith(`STAT ${name} `))?.split(' ')[2]);
}

describe('keys and values', () => {
  it('G3: takes any characters in keys, each key its own entry, and executes nothing but what was sent', async () => {
    const call = await connect();
    const keys = Array.from({ length: 256 }, (_, code) => `k${String.fromCharCode(code)}\r\nflush_all`);
    const before = await statistic(call, 'cmd_set');
    await Promise.all(call.sendAll(keys.map((key, index) => askStore(key, `${index}`))));
    const found = await Promise.all(call.sendAll(keys.map(askGet)));
    expect(found.map(String)).toEqual(keys.map((_, index) => `${index}`));
    expect((await statistic(call, 'cmd_set')) - before).toBe(256);
    expect(await statistic(call, 'cmd_flush')).toBe(0);
    expect(await Promise.all(keys.map((key) => call.delete(key)))).not.toContain(false);
  });

  it('G1: lets no value out behind a header that the server would refuse, at every length around the limit', async () => {
    const call = await connect();
    await call.store('canary', 'alive');
    const flush = 'flush_all\r\n';
    for (const fill of ['k', ' ', '\n', 'é', '日']) {
      const unit = Buffer.byteLength(fill);
      for (let length = 184; length <= 192; length++) {
        const key = fill.repeat(Math.floor(length / unit)) + 'k'.repeat(length % unit);
        expect(Buffer.byteLength(key)).toBe(length);
        const isTaken = length <= 186 || (length === 187 && fill !== ' ' && fill !== '\n');
        const stored = call.store(key, flush);
        if (isTaken) {
          await expect(stored).resolves.toBe(true);
          expect(String(await call.get(key))).toBe(flush);
        } else await expect(stored).rejects.toMatchObject({ code: 'ERR_INVALID_KEY' });
      }
    }
    expect(String(await call.get('canary'))).toBe('alive');
    expect(await statistic(call, 'cmd_flush')).toBe(0);
    await expect(call.store('', flush)).rejects.toMatchObject({ code: 'ERR_INVALID_KEY' });
  });

  it('finds one entry under the plain and the base64 form of a key', async () => {
    const call = await connect();
    expect(await call.raw('ma', Buffer.from('plain').toString('base64'), 'b', 'N0', 'J7', 'v')).toEqual(
      Buffer.from('7'),
    );
    expect(String(await call.get('plain'))).toBe('7');
    expect(await call.delete('plain')).toBe(true);
  });

  it('G9, G10: brings back any bytes under any key', async () => {
    const call = await connect();
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }),
        fc.uint8Array(),
        async (key, array) => {
          const value = Buffer.from(array);
          expect(await call.store(key, value)).toBe(true);
          expect(await call.get(key)).toEqual(value);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('G11: knows the largest value, sends it, and refuses one byte more without a word to the server', async () => {
    const call = await connect();
    const largest = call.connection.maxValueBytes ?? 0;
    expect(largest).toBe(1_048_576 - 246);
    for (const key of ['k', 'k'.repeat(187)]) {
      const most = largest + 187 - key.length;
      expect(await call.store(key, Buffer.alloc(most, 1))).toBe(true);
      const sets = await statistic(call, 'cmd_set');
      await expect(call.store(key, Buffer.alloc(most + 1, 2))).rejects.toMatchObject({
        code: 'ERR_VALUE_TOO_LARGE',
        key,
      });
      expect(await statistic(call, 'cmd_set')).toBe(sets);
      expect((await call.get(key))?.equals(Buffer.alloc(most, 1))).toBe(true);
    }
  });

  it('B9: tells a value that the server itself finds too large; the old one is gone, the connection serves on', async () => {
    const call = await connect();
    const { connection } = call;
    if (!(connection instanceof MetaConnection)) throw new TypeError('another connection');
    await call.store('k', 'old');
    // As for a server that keeps its limit to itself.
    connection.limit(Number.POSITIVE_INFINITY, 10 ** 7);
    const [refused, after] = call.sendAll<unknown>([askStore('k', Buffer.alloc(2_000_000)), askGet('k')]);
    await expect(refused).rejects.toMatchObject({ code: 'ERR_VALUE_TOO_LARGE', key: 'k' });
    await expect(after).resolves.toBeUndefined();
  });

  it('reads values of 16 MB in time that grows with their size, not with its square', async () => {
    const large = await startMemcached({ args: ['-I', '64m', '-m', '512'] });
    try {
      const call = await connect(large.port);
      const timeOf = async (size: number): Promise<number> => {
        const value = Buffer.alloc(size, 7);
        expect(await call.store('large', value)).toBe(true);
        let best = Number.POSITIVE_INFINITY;
        for (let round = 0; round < 3; round++) {
          const start = performance.now();
          const found = await call.get('large');
          best = Math.min(best, performance.now() - start);
          expect(found?.equals(value)).toBe(true);
        }
        return best;
      };
      const small = await timeOf(2_000_000);
      expect(await timeOf(16_000_000)).toBeLessThan(Math.max(40, small) * 8 * 3);
    } finally {
      await large.stop();
    }
  });
});
