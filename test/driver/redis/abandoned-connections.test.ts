/** What becomes of connections that were given up, on a real server: they end, and nobody else's does. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRedisDriver } from '../../../src/driver/redis/redis-driver.js';
import { NodeError } from '../../../src/errors.js';
import { PromisedConnection } from '../../../src/testing/promised-connection.js';
import { startRedis } from '../../../src/testing/servers/redis-server.js';
import type { TestServer } from '../../../src/testing/servers/test-server.js';

let server: TestServer;

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

const connect = () =>
  createRedisDriver({ address: { host: server.host, port: server.port } }).connect({
    signal: AbortSignal.timeout(20_000),
  });

describe('connections given up at Redis', () => {
  it('are ended, at once or already', async () => {
    const [left, later] = [await connect(), await connect()];
    const ended = new Promise((resolve) => {
      left.onClose = resolve;
    });
    expect(await later.ensureGone(left.id ?? '')).toBe(true);
    await ended;
    expect(await later.ensureGone(left.id ?? '')).toBe(true);
    later.destroy(new NodeError('lost', 'given up'));
  });

  it('of an earlier life of the server went with it, and are none of those that live now, whose numbers begin anew', async () => {
    const left = await connect();
    const number = (left.id ?? '').split('.').at(-1);
    left.destroy(new NodeError('lost', 'given up'));
    await server.restart();
    const innocent = await connect();
    // Numbers are given out again from the beginning: open connections until somebody has this one.
    const all = [innocent];
    while (all.every(({ id }) => id?.split('.').at(-1) !== number)) all.push(await connect());
    expect(await innocent.ensureGone(left.id ?? '')).toBe(true);
    for (const connection of all) expect(await new PromisedConnection(connection).store('k', 'v')).toBe(true);
    for (const connection of all) connection.destroy(new NodeError('lost', 'given up'));
  });
});
