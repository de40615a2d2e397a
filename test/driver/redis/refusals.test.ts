/** What a Redis says that nobody asked for, and what its refusals tell of what was sent. */

import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createRedisDriver } from '../../../src/driver/redis/redis-driver.js';
import { errorOfReply } from '../../../src/driver/redis/redis-errors.js';
import { CacheError } from '../../../src/errors.js';
import { PromisedConnection } from '../../../src/testing/promised-connection.js';
import { listenOnFreePort } from '../../../src/testing/servers/free-port.js';
import { startRedis } from '../../../src/testing/servers/redis-server.js';

const SECRET = 'hunter2';

/** A connection as the driver opens it. */
const connect = (port: number, more: { readonly database?: number; readonly password?: string } = {}) =>
  createRedisDriver({
    address: { host: '127.0.0.1', port },
    maxReplyBytes: 65_536,
    database: more.database,
    ...(more.password === undefined ? {} : { credentials: { password: more.password } }),
  }).connect({ signal: AbortSignal.timeout(20_000) });

const server = async (...args: string[]) => {
  const started = await startRedis({ args });
  onTestFinished(() => started.stop());
  return started.port;
};

describe('a Redis that speaks unasked', () => {
  it('loses its connection for the head of a value too large, and ends nothing else', async () => {
    const scripted = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        socket.write(':7\r\n$21\r\nrun_id:1\r\nloading:0\r\n\r\n:0\r\n');
        setTimeout(() => socket.write('$99999999999\r\n'), 20);
      });
    });
    const port = await listenOnFreePort(scripted);
    onTestFinished(() => void scripted.close());
    const connection = await connect(port);
    const closed = new Promise<CacheError>((resolve) => {
      connection.onClose = resolve;
    });
    expect(await closed).toMatchObject({ code: 'ERR_NODE', reason: 'protocol' });
    expect(connection.isOpen).toBe(false);
    if (scripted.listening) scripted.close();
    await once(scripted, 'close');
  });
});

/** Shakes hands, then answers whatever is asked by `reply`. */
const answering = async (reply: string) => {
  const scripted = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write(':7\r\n$21\r\nrun_id:1\r\nloading:0\r\n\r\n:0\r\n');
      socket.on('data', () => socket.write(reply));
    });
  });
  const port = await listenOnFreePort(scripted);
  onTestFinished(() => void scripted.close());
  const connection = await connect(port);
  onTestFinished(() => connection.destroy(new CacheError('ERR_CLOSED', 'the test has ended')));
  return new PromisedConnection(connection);
};

describe('a Redis that answers what nobody could', () => {
  it.each(['+abc', ':-5', '$3\r\nabc', '$2\r\n-1', '*1\r\n$1\r\n5'])('%j is no counter', async (reply) => {
    const connection = await answering(`${reply}\r\n`);
    await expect(connection.count('key', 1)).rejects.toMatchObject({ code: 'ERR_NODE', reason: 'protocol' });
  });

  it('by a list without end is given up before it takes all memory', async () => {
    const connection = await answering(`*99999999\r\n${'$2\r\nxx\r\n'.repeat(300_000)}`);
    await expect(connection.inspect('key')).rejects.toMatchObject({ code: 'ERR_NODE', reason: 'protocol' });
  });
});

describe('refusals of Redis', () => {
  it('do not repeat a value that was sent with a command the server does not know', async () => {
    const connection = await connect(await server('--rename-command', 'SET', ''));
    onTestFinished(() => connection.destroy(new CacheError('ERR_CLOSED', 'the test has ended')));
    const error = await new PromisedConnection(connection).store('key', SECRET).catch((refusal: unknown) => refusal);
    expect(error).toMatchObject({ code: 'ERR_NODE', reason: 'rejected' });
    expect(String(error)).toMatch(/unknown command 'SET'$/);
  });

  it.each([
    "ERR unknown command 'AUTH', with args beginning with: 'hunter2' ",
    'ERR unknown command `AUTH`, with args beginning with: `hunter2`, ',
  ])('quote the command and nothing behind it: %s', (text) => {
    expect(errorOfReply(text).message).not.toContain(SECRET);
    expect(errorOfReply(text).message).toContain('AUTH');
  });

  it('during the handshake are told as what they are, without the password', async () => {
    const port = await server('--rename-command', 'AUTH', '');
    const error = await connect(port, { password: SECRET }).catch((refusal: unknown) => refusal);
    expect(error).toMatchObject({ code: 'ERR_NODE', reason: 'unreachable' });
    expect(String(error)).toMatch(/cannot connect to .*unknown command 'auth'$/i);
  });

  it('of a database that does not exist name the database', async () => {
    await expect(connect(await server(), { database: 99 })).rejects.toThrow(/DB index is out of range/);
  });

  it('by whoever tells the credentials are told as that, with their cause, and so are credentials that are none', async () => {
    const address = { host: '127.0.0.1', port: await server() };
    const signal = AbortSignal.timeout(20_000);
    const cause = new Error('the vault is sealed');
    const rejects = () => Promise.reject(cause);
    const throws = () => {
      throw cause;
    };
    for (const credentials of [rejects, throws])
      await expect(createRedisDriver({ address, credentials }).connect({ signal })).rejects.toMatchObject({
        message: expect.stringMatching(/credentials for .* could not be had/),
        cause,
      });
    for (const json of ['null', '{}', '{"password":5}', '"hunter2"']) {
      const credentials = async () => JSON.parse(json);
      await expect(createRedisDriver({ address, credentials }).connect({ signal })).rejects.toThrow(
        /credentials for .* came without a password$/,
      );
    }
  });
});
