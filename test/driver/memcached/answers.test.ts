import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type CacheError, NodeError } from '../../../src/errors.js';
import { askGet, askStore, type PromisedConnection } from '../../../src/testing/promised-connection.js';
import { connectTo } from './connect-scripted.js';
import { opaquesIn, outcomes, replies } from './scripted-node.js';

describe('answers', () => {
  it('an answer that cannot be one fails its operation and ends the connection', async () => {
    const cases: readonly (readonly [string, (call: PromisedConnection) => Promise<unknown>])[] = [
      ['NF', (call) => call.get('k')],
      ['HD', (call) => call.get('k')],
      ['EN', (call) => call.store('k', 'v')],
      ['NS', (call) => call.store('k', 'v')],
      ['EN', (call) => call.delete('k')],
      ['NF', (call) => call.touch('k', 1000)],
      ['HD', (call) => call.inspect('k')],
      ['VA 2 t0 cx', (call) => call.count('k', 1)],
    ];
    for (const [line, ask] of cases) {
      const { call, closed } = await connectTo((socket, request) => {
        socket.write(`${line} O${opaquesIn(request)[0]}\r\n${line.startsWith('VA') ? 'zz\r\n' : ''}`);
      });
      await expect(ask(call), line).rejects.toMatchObject({ reason: 'protocol' });
      expect(closed).toHaveLength(1);
    }
  });

  it('a miss of an old server, which tells no opaque, is a miss', async () => {
    const { call } = await connectTo((socket) => socket.write('EN\r\n'));
    await expect(call.get('a')).resolves.toBeUndefined();
    await expect(call.get('b')).resolves.toBeUndefined();
  });

  it('R9: a placeholder left by a lease, or a value marked stale, is a miss', async () => {
    for (const flags of ['W', 'Z', 'X W', 'Z X']) {
      const { call } = await connectTo((socket, request) => {
        const [opaque] = opaquesIn(request);
        if (request.includes(' v ')) socket.write(`VA 2 t30 c5 O${opaque} ${flags}\r\nxx\r\n`);
        else socket.write(`HD t30 c5 O${opaque} ${flags}\r\n`);
      });
      await expect(call.get('k')).resolves.toBeUndefined();
      await expect(call.inspect('k', true)).resolves.toBeUndefined();
      await expect(call.inspect('k', false)).resolves.toBeUndefined();
      await expect(call.touch('k', 1000)).resolves.toBe(false);
    }
  });

  it('SERVER_ERROR fails one operation by its reason and the connection serves on', async () => {
    const { call, closed } = await connectTo((socket, request) => {
      const texts = replies(request);
      texts[1] = 'SERVER_ERROR out of memory storing object\r\n';
      texts[2] = 'SERVER_ERROR object too large for cache\r\n';
      texts[3] = 'SERVER_ERROR something new\r\n';
      socket.write(texts.join(''));
    });
    const results = await outcomes(call.sendAll(['a', 'b', 'c', 'd', 'e'].map((key) => askStore(key, 'v'))));
    expect(results).toMatchObject([
      { value: true },
      { reason: { reason: 'full', key: 'b' } },
      { reason: { code: 'ERR_VALUE_TOO_LARGE', key: 'c' } },
      { reason: { reason: 'rejected', key: 'd' } },
      { value: true },
    ]);
    expect(closed).toEqual([]);
  });

  it('CLIENT_ERROR and ERROR fail their operation, and then the connection, in order', async () => {
    for (const text of ['CLIENT_ERROR bad data chunk', 'ERROR', 'CLIENT_ERROR line too long']) {
      const { call, closed } = await connectTo((socket, request) => {
        const texts = replies(request);
        texts[1] = `${text}\r\n`;
        socket.write(texts.join(''));
      });
      const results = await outcomes(call.sendAll(['1', '2', '3'].map(askGet)));
      expect(results).toMatchObject([
        { status: 'fulfilled' },
        { reason: { reason: 'rejected' } },
        { reason: { reason: 'protocol' } },
      ]);
      expect(closed).toMatchObject([{ reason: 'protocol' }]);
    }
  });

  it('a callback that destroys the connection stops the reading of the chunk at hand', async () => {
    const { connection } = await connectTo((socket, request) => socket.write(replies(request).join('')));
    const settled: string[] = [];
    const given = new NodeError('stalled', 'given up');
    const get = (key: string) =>
      ({
        kind: 'get',
        key,
        hit: () => {
          settled.push(`hit ${key}`);
          if (key === '2') connection.destroy(given);
        },
        miss: () => settled.push(`miss ${key}`),
        fail: (error: CacheError) => settled.push(`${error === given ? 'given up' : error.message} ${key}`),
      }) as const;
    connection.send(['1', '2', '3', '4'].map(get));
    await expect.poll(() => settled.length).toBe(4);
    await sleep(20);
    expect(settled).toEqual(['hit 1', 'hit 2', 'given up 3', 'given up 4']);
  });

  it('W8: destroy cuts by RST what the kernel still holds, so that little of it is ever executed', async () => {
    let received = 0;
    const { node, connection, call } = await connectTo((_, text) => {
      received += text.length;
    });
    const socket = [...node.sockets][0];
    socket?.pause();
    const results = outcomes(
      call.sendAll(Array.from({ length: 40 }, (_, i) => askStore(`k${i}`, Buffer.alloc(1_000_000)))),
    );
    await sleep(20);
    connection.destroy(new NodeError('stalled', 'given up'));
    for (const result of await results) expect(result.status).toBe('rejected');
    socket?.resume();
    await expect.poll(() => node.sockets.size).toBe(0);
    // What had left for the server when the socket was merely destroyed: 3.9 MB.
    expect(received).toBeGreaterThan(0);
    expect(received).toBeLessThan(1_500_000);
  });
});
