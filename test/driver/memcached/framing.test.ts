import { describe, expect, it } from 'vitest';
import { askGet } from '../../../src/testing/promised-connection.js';
import { connectTo } from './connect-scripted.js';
import { opaquesIn, outcomes, replies, type Script } from './scripted-node.js';

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
    for (const size of [7, 1000, 20_000]) {
      const { call } = await connectTo((socket, request) => {
        const whole = `VA ${forged.length} O${opaquesIn(request)[0]}\r\n${forged}\r\n`;
        for (let at = 0; at < whole.length; at += size) socket.write(whole.slice(at, at + size));
      });
      expect((await call.get('k'))?.toString()).toBe(forged);
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
    for (const [size, error] of [
      ['1114113', { code: 'ERR_VALUE_TOO_LARGE', key: 'k' }],
      ['999999999', { code: 'ERR_VALUE_TOO_LARGE', key: 'k' }],
      ['99999999999999999999', { reason: 'protocol' }],
    ] as const) {
      for (const cut of [0, 4, 8]) {
        const { call, closed } = await connectTo((socket, request) => {
          const text = `VA ${size} O${opaquesIn(request)[0]}\r\n`;
          socket.write(text.slice(0, cut));
          setTimeout(() => socket.write(`${text.slice(cut)}${'x'.repeat(100)}`), 5);
        });
        await expect(call.get('k')).rejects.toMatchObject(error);
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
});
