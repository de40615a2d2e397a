import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../../src/driver/driver.js';
import { createMetaDriver } from '../../../src/driver/memcached/meta-driver.js';
import { type CacheError, NodeError } from '../../../src/errors.js';
import { askGet, askStore, PromisedConnection } from '../../../src/testing/promised-connection.js';
import { opaquesIn, type Script, ScriptedNode } from './scripted-node.js';

const nodes: ScriptedNode[] = [];
const connections: Connection[] = [];

async function connectTo(script: Script) {
  const node = await ScriptedNode.start(script);
  nodes.push(node);
  const connection = await createMetaDriver({ address: node.address }).connect({ signal: AbortSignal.timeout(2000) });
  connections.push(connection);
  const closed: CacheError[] = [];
  connection.onClose = (error) => closed.push(error);
  return { node, connection, closed, call: new PromisedConnection(connection) };
}

afterEach(async () => {
  for (const connection of connections.splice(0)) connection.destroy(new NodeError('lost', 'the test is over'));
  for (const node of nodes.splice(0)) await node.close();
});

/** One for each request; a get of `n` finds `n` times `x`, anything else is a miss or a success. */
function replies(request: string): string[] {
  return [...request.matchAll(/^(m[gsd]) (\S+).*? O(\d+)\r$/gm)].map(([, command, key, opaque]) => {
    if (command !== 'mg') return `HD O${opaque}\r\n`;
    const size = Number(key);
    return Number.isNaN(size) ? `EN O${opaque}\r\n` : `VA ${size} O${opaque}\r\n${'x'.repeat(size)}\r\n`;
  });
}

async function outcomes(promises: readonly Promise<unknown>[]) {
  return Promise.allSettled(promises);
}

describe('framing', () => {
  it('A14: replies cut at any single byte settle as whole ones do', async () => {
    let cut = 0;
    const { call } = await connectTo((socket, request) => {
      const text = replies(request).join('');
      socket.write(text.slice(0, cut));
      setImmediate(() => socket.write(text.slice(cut)));
    });
    const keys = ['7', 'miss', '0', '12'];
    const expected = keys.map((key) => (key === 'miss' ? undefined : 'x'.repeat(Number(key))));
    for (cut = 1; cut < 70; cut++) {
      const found = await Promise.all(call.sendAll(keys.map(askGet)));
      expect(found.map((bytes) => bytes?.toString())).toEqual(expected);
    }
  });

  it('A5: a reset at any offset of three replies settles each once, what came whole by its answer, the rest as lost', async () => {
    const length = replies('mg 3 v O1000\r\nmg 4 v O1000\r\nmg 5 v O1000\r\n').join('').length;
    for (let offset = 0; offset < length; offset++) {
      const { call, closed, connection } = await connectTo((socket, request) => {
        socket.write(replies(request).join('').slice(0, offset), () => setImmediate(() => socket.resetAndDestroy()));
      });
      const results = await outcomes(call.sendAll(['3', '4', '5'].map(askGet)));
      await expect.poll(() => closed.length).toBe(1);
      let at = 0;
      for (const [index, result] of results.entries()) {
        at += `VA ${index + 3} O1000\r\n`.length + index + 3 + 2;
        expect(result.status).toBe(at <= offset ? 'fulfilled' : 'rejected');
        if (result.status === 'fulfilled') expect(String(result.value)).toBe('x'.repeat(index + 3));
        else expect(result.reason).toMatchObject({ code: 'ERR_NODE', reason: 'lost' });
      }
      expect(connection.isOpen).toBe(false);
      expect(connection.owed).toBe(0);
    }
  });

  it('A6: an end in good order fails what is owed at once, and is told once', async () => {
    const { call, closed, connection } = await connectTo((socket) => socket.end('VA 3 O'));
    const results = await outcomes(call.sendAll(['3', '4'].map(askGet)));
    for (const result of results) expect(result).toMatchObject({ reason: { reason: 'lost' } });
    expect(closed).toHaveLength(1);
    expect(connection.owed).toBe(0);
  });

  it('A17: an unsolicited reply, or one too many, ends the connection', async () => {
    for (const extra of ['HD O1000\r\n', 'VA 5 O1000\r\nhello\r\n', '+SURPRISE\r\n', 'E']) {
      const { node, closed, call } = await connectTo((socket, request) => {
        socket.write(replies(request).join('') + (request.includes('miss') ? extra : ''));
      });
      expect(String(await call.get('1'))).toBe('x');
      const last = call.get('miss');
      await expect(last).resolves.toBeUndefined();
      await expect.poll(() => closed.length).toBe(1);
      expect(closed[0]).toMatchObject({ code: 'ERR_NODE', reason: 'protocol' });
      await expect.poll(() => node.sockets.size).toBe(0);
    }
  });

  it('A15: a reply out of step is never taken for an answer', async () => {
    const swapped: Script = (socket, request) => socket.write(replies(request).reverse().join(''));
    const shifted: Script = (socket, request) => socket.write(replies(request).slice(1).join(''));
    const unmarked: Script = (socket, request) => socket.write(replies(request).join('').replaceAll(/ O\d+/g, ''));
    for (const script of [swapped, shifted, unmarked]) {
      const { call, closed } = await connectTo(script);
      const results = await outcomes(call.sendAll(['1', '2', '3'].map(askGet)));
      for (const result of results) expect(result).toMatchObject({ reason: { reason: 'protocol' } });
      expect(closed).toHaveLength(1);
    }
  });

  it('S1: a stored value full of replies is a value, however it is cut', async () => {
    const forged = `HD O1000\r\n${Array.from({ length: 9000 }, (_, index) => `VA 1 O${1000 + index}\r\nF\r\n`).join('')}`;
    for (const size of [1, 7, 1000]) {
      const { call } = await connectTo((socket, request) => {
        const [opaque] = opaquesIn(request);
        const text = `VA ${forged.length} O${opaque}\r\n${forged}\r\n`.slice(0, size === 1 ? 3000 : undefined);
        const whole = size === 1 ? `VA 2972 O${opaque}\r\n${forged.slice(0, 2972)}\r\n` : text;
        for (let at = 0; at < whole.length; at += size) socket.write(whole.slice(at, at + size));
      });
      expect((await call.get('k'))?.toString()).toBe(size === 1 ? forged.slice(0, 2972) : forged);
    }
  });

  it('a value that does not end where it was announced to ends the connection', async () => {
    for (const end of ['xx', 'x\r\n', '\n\r']) {
      const { call, closed } = await connectTo((socket, request) => {
        socket.write(`VA 3 O${opaquesIn(request)[0]}\r\nabc${end}\r\n\r\n`);
      });
      await expect(call.get('k')).rejects.toMatchObject({ reason: 'protocol' });
      expect(closed).toHaveLength(1);
    }
  });

  it('A16: a length beyond all that can be stored ends the connection at the header, whether or not it comes whole', async () => {
    for (const size of ['1114113', '999999999', '99999999999999999999']) {
      for (const cut of [0, 4, 8]) {
        const { call, closed } = await connectTo((socket, request) => {
          const text = `VA ${size} O${opaquesIn(request)[0]}\r\n`;
          socket.write(text.slice(0, cut));
          setTimeout(() => socket.write(`${text.slice(cut)}${'x'.repeat(100)}`), 5);
        });
        await expect(call.get('k')).rejects.toMatchObject({ reason: 'protocol' });
        expect(closed).toHaveLength(1);
      }
    }
  });

  it('A16: a line without end is given up, not gathered', async () => {
    const { call, connection } = await connectTo((socket) => {
      const more = (): void => {
        if (!socket.destroyed) socket.write('E'.repeat(1000), () => setImmediate(more));
      };
      more();
    });
    await expect(call.get('k')).rejects.toMatchObject({ reason: 'protocol' });
    expect(connection.bytesRead).toBeLessThan(200_000);
  });

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
    const node = await ScriptedNode.start((_, text) => {
      received += text.length;
    });
    nodes.push(node);
    const driver = createMetaDriver({ address: node.address });
    const connection = await driver.connect({ signal: AbortSignal.timeout(2000) });
    const socket = [...node.sockets][0];
    socket?.pause();
    const call = new PromisedConnection(connection);
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
