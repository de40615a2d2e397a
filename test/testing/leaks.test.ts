import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { trackLeaks } from '../../src/testing/leaks.js';
import { startRedis } from '../../src/testing/servers/redis-server.js';

const quick = { settleMs: 50 };

describe('trackLeaks', () => {
  it('finds nothing where everything was given up, even if it takes a moment', async () => {
    const tracker = trackLeaks();
    const server = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const socket = connect(typeof address === 'object' && address !== null ? address.port : 0, '127.0.0.1');
    await once(socket, 'connect');
    setTimeout(() => {
      socket.destroy();
      server.close();
    }, 30);
    await tracker.assertNoLeaks();
  });

  it('names the sockets, listeners and timers left behind', async () => {
    const tracker = trackLeaks(quick);
    const server = createServer().listen(0, '127.0.0.1');
    // More than the timers of the test runner, which come and go.
    const timers = Array.from({ length: 20 }, () => setTimeout(() => undefined, 60_000));
    await once(server, 'listening');
    try {
      expect((await tracker.findLeaks()).sort()).toEqual([
        '1 × TCPServerWrap',
        expect.stringMatching(/^[12]\d × Timeout$/),
      ]);
      await expect(tracker.assertNoLeaks()).rejects.toThrow(/left behind:\n {2}\d+ × /);
    } finally {
      for (const timer of timers) clearTimeout(timer);
      server.close();
      await once(server, 'close');
    }
  });

  it('names a real server left running', async () => {
    const tracker = trackLeaks(quick);
    const server = await startRedis();
    expect(await tracker.findLeaks()).toEqual([`redis still runs as process ${server.pid}`]);
    await server.stop();
    await tracker.assertNoLeaks();
  });

  it('hears of unhandled rejections and of listeners piling up, and leaves no listener of its own', async () => {
    const events = ['unhandledRejection', 'uncaughtExceptionMonitor', 'warning'] as const;
    const listeners = () => events.map((event) => process.listenerCount(event));
    const before = listeners();
    const tracker = trackLeaks(quick);
    // Told to the tracker's listeners alone: an event in earnest would fail this run, or fill its output.
    process.listeners('unhandledRejection').at(-1)?.(new Error('nobody cared'), Promise.resolve());
    const warning = new Error('too many');
    warning.name = 'MaxListenersExceededWarning';
    process.listeners('warning').at(-1)?.(warning);
    const leaks = await tracker.findLeaks();
    expect(leaks[0]).toContain('unhandled rejection: Error: nobody cared');
    expect(leaks[1]).toContain('MaxListenersExceededWarning: too many');
    tracker.stop();
    expect(listeners()).toEqual(before);
  });
});
