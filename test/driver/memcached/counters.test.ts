import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Operation } from '../../../src/driver/driver.js';
import { type CacheError, NodeError } from '../../../src/errors.js';
import { askCount, askGet, askStore } from '../../../src/testing/promised-connection.js';
import { askOnce } from '../../../src/testing/servers/ask-once.js';
import { startMemcached } from '../../../src/testing/servers/memcached-server.js';
import { at, connectMeta } from './connections.js';
import { opaquesIn, ScriptedNode } from './scripted-node.js';

let server: Awaited<ReturnType<typeof startMemcached>>;

beforeAll(async () => {
  server = await startMemcached();
});
beforeEach(() => askOnce(server, 'flush_all\r\n', (answer) => answer.endsWith('\r\n')));
afterAll(() => server.stop());

const connect = (port = server.port) => connectMeta({ address: at(port) });

describe('counters', () => {
  it('that a lease stood in the way of are counted all the same, where a store behind them found its condition not met', async () => {
    const [call, other] = [await connect(), await connect()];
    const key = 'leased';
    expect(await other.lease(key)).toMatchObject({ token: expect.any(String) });
    const results = await Promise.all(
      call.sendAll<unknown>([
        askCount(key, 1, { initial: 5 }),
        askStore(key, 'v', { mode: 'compare', token: '987654321' }),
      ]),
    );
    expect(results).toEqual([5, false]);
    expect(String(await call.get(key))).toBe('5');
  });

  it('R11: that lose digits are bare digits to whatever was sent behind the decrement', async () => {
    const call = await connect();
    await call.store('n', '100');
    const results = await Promise.all([
      ...call.sendAll<unknown>([
        askCount('n', -1),
        askGet('n'),
        askCount('n', -95),
        askGet('n'),
        askStore('n', 'no counter'),
        askGet('n'),
      ]),
      call.get('n'),
    ]);
    expect(results.map(String)).toEqual(['99', '99', '4', '4', 'true', 'no counter', 'no counter']);
  });

  it('R11: settle in the order sent, runs of counts and what they hold among others', async () => {
    const call = await connect();
    const order: number[] = [];
    const operations: Operation[] = Array.from({ length: 400 }, (_, index) => {
      const settle = (): void => void order.push(index);
      const key = `order ${index % 3}`;
      if (index % 4 === 3) return { kind: 'get', key, hit: settle, miss: settle, fail: settle };
      if (index % 50 === 0) return { kind: 'count', key: '', delta: -1, ttlMs: 0, done: settle, fail: settle };
      const delta = index % 4 === 0 ? 30 : -28;
      return { kind: 'count', key, delta, initial: 1000, ttlMs: 0, done: settle, fail: settle };
    });
    for (let at = 0; at < operations.length; at += 40) call.connection.send(operations.slice(at, at + 40));
    expect(call.connection.owed).toBe(400);
    await expect.poll(() => order.length).toBe(400);
    expect(order).toEqual(operations.map((_, index) => index));
    expect(call.connection.owed).toBe(0);
    for (const key of ['order 0', 'order 1', 'order 2']) expect(String(await call.get(key))).toMatch(/^\d+$/);
  });

  it('R11: keep their time to live where they are rewritten', async () => {
    const call = await connect();
    await call.store('kept', '100', { ttlMs: 90_000 });
    expect(await call.raw('mg', 'kept', 'f', 't')).toBe('HD f0 t90');
    expect(await call.count('kept', -1)).toBe(99);
    expect(await call.raw('mg', 'kept', 'f', 's', 't')).toMatch(/^HD f0 s2 t(?:89|90)$/);
    await call.raw('ma', 'endless', 'N0', 'J1000');
    expect(await call.count('endless', -1)).toBe(999);
    expect((await call.inspect('endless'))?.ttlMs).toBe(0);
  });

  it('R11: many at once, up and down by several connections, lose no count and end as bare digits', async () => {
    const callers = await Promise.all([connect(), connect(), connect(), connect()]);
    await callers[0]?.store('shared', '1050');
    const results = await Promise.all(
      callers.flatMap((call) => [
        ...call.sendAll(Array.from({ length: 50 }, () => askCount('shared', -3))),
        ...call.sendAll(Array.from({ length: 50 }, () => askCount('shared', 1))),
      ]),
    );
    expect(results.every((value) => typeof value === 'number')).toBe(true);
    expect(String(await callers[0]?.get('shared'))).toBe('650');
    expect(await callers[0]?.count('shared', -1)).toBe(649);
    await callers[0]?.store('shared', '100');
    await callers[0]?.count('shared', -1);
    expect(String(await callers[0]?.get('shared'))).toBe('99');
  });

  it('R1: what a callback sends comes behind what was held for the run of counts', async () => {
    const call = await connect();
    await call.store('n', '100');
    const order: string[] = [];
    const fail = (error: CacheError): void => void order.push(error.message);
    const write = (text: string): Operation => ({
      kind: 'store',
      key: 'n',
      mode: 'set',
      bytes: Buffer.from(text),
      ttlMs: 0,
      done: () => void order.push(text),
      fail,
    });
    const done = (): void => {
      order.push('counted');
      call.connection.send([write('sent by the callback')]);
    };
    call.connection.send([{ kind: 'count', key: 'n', delta: -1, ttlMs: 0, done, fail }, write('held')]);
    await expect.poll(() => order.length).toBe(3);
    expect(order).toEqual(['counted', 'held', 'sent by the callback']);
    expect(String(await call.get('n'))).toBe('sent by the callback');
  });

  it('that would pass 2^53 - 1 stay where they are, also where the sum has more digits', async () => {
    const call = await connect();
    const { MAX_SAFE_INTEGER } = Number;
    for (const from of [MAX_SAFE_INTEGER, 9_000_000_000_000_000]) {
      await call.store('big', String(from));
      const [refused, after] = call.sendAll<unknown>([askCount('big', MAX_SAFE_INTEGER), askCount('big', 0)]);
      await expect(refused).rejects.toMatchObject({ reason: 'rejected' });
      await Promise.allSettled([after]);
      expect(String(await call.get('big'))).toBe(String(from));
    }
    await call.store('huge', '18446744073709551610');
    await expect(call.count('huge', 10)).rejects.toMatchObject({ reason: 'rejected' });
  });

  it('refuse deltas and beginnings that are no whole numbers within 2^53, without a word to the server', async () => {
    const call = await connect();
    for (const delta of [0.5, Number.NaN, 2 ** 53, -(2 ** 60), Number.POSITIVE_INFINITY])
      await expect(call.count('n', delta)).rejects.toMatchObject({ reason: 'rejected' });
    for (const initial of [-1, 0.5, Number.NaN, 2 ** 53])
      await expect(call.count('n', 1, { initial })).rejects.toMatchObject({ reason: 'rejected' });
    expect(call.connection.isOpen).toBe(true);
  });

  it('are rewritten again if somebody counts in between, a few times and not for ever', async () => {
    for (const losses of [1, 2, 100]) {
      let rewrites = 0;
      const node = await ScriptedNode.start((socket, request) => {
        const opaques = opaquesIn(request);
        for (const [index, line] of request
          .split('\r\n')
          .filter((text) => /^m[ags] /.test(text))
          .entries()) {
          const opaque = opaques[index];
          if (line.startsWith('ma')) socket.write(`VA 2 O${opaque}\r\n99\r\n`);
          else if (line.startsWith('mg'))
            socket.write(`VA 3 t-1 c${7 + rewrites} f5 O${opaque}\r\n9${rewrites % 10} \r\n`);
          else {
            expect(line).toMatch(new RegExp(`^ms n 2 C${7 + rewrites} F5 `));
            rewrites++;
            socket.write(`${rewrites <= losses ? 'EX' : 'HD'} O${opaque}\r\n`);
          }
        }
      });
      const call = await connect(node.port);
      expect(await call.count('n', -1)).toBe(99);
      expect(rewrites).toBe(Math.min(losses + 1, 10));
      await node.close();
    }
  });

  it('fail with the rest where the connection is lost in the middle of a rewrite', async () => {
    const node = await ScriptedNode.start((socket, request) => {
      if (request.startsWith('ma')) socket.write(`VA 2 O${opaquesIn(request)[0]}\r\n99\r\n`);
      else socket.destroy();
    });
    const call = await connect(node.port);
    const settled: string[] = [];
    const note = (name: string) => ({
      done: () => void settled.push(`${name} done`),
      fail: (error: CacheError) =>
        void settled.push(`${name} ${error instanceof NodeError ? error.reason : error.code}`),
    });
    call.connection.send([
      { kind: 'count', key: 'n', delta: -1, ttlMs: 0, ...note('count') },
      { kind: 'delete', key: 'n', ...note('delete') },
    ]);
    call.connection.send([{ kind: 'delete', key: 'm', ...note('later') }]);
    await expect.poll(() => settled.length).toBe(3);
    expect(settled).toEqual(['count lost', 'delete lost', 'later lost']);
    expect(call.connection.owed).toBe(0);
    await node.close();
  });
});
