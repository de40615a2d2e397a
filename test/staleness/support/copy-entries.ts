/** Copies entries as they are from one server to another, as replication does. */

import { connect } from 'node:net';
import { Redis } from 'ioredis';
import type { TestServer } from '../../../src/testing/servers/test-server.js';

export async function copyEntries(from: TestServer, to: TestServer, keys: readonly string[]): Promise<void> {
  if (from.kind === 'redis') await copyRedis(from, to, keys);
  else await copyMemcached(from, to, keys);
}

async function copyRedis(from: TestServer, to: TestServer, keys: readonly string[]): Promise<void> {
  const [source, target] = [new Redis(from.port, from.host), new Redis(to.port, to.host)];
  const values = await source.mgetBuffer(...keys);
  await Promise.all(keys.map((key, i) => target.set(key, values[i] ?? '')));
  source.disconnect();
  target.disconnect();
}

async function copyMemcached(from: TestServer, to: TestServer, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    const answer = await exchange(from, Buffer.from(`mg ${key} v\r\nmn\r\n`), (bytes) => bytes.includes('MN\r\n'));
    const start = answer.indexOf('\r\n') + 2;
    const length = Number(/^VA (\d+)/.exec(answer.latin1Slice(0, start))?.[1]);
    const request = Buffer.concat([
      Buffer.from(`ms ${key} ${length}\r\n`),
      answer.subarray(start, start + length),
      Buffer.from('\r\n'),
    ]);
    await exchange(to, request, (bytes) => bytes.includes('HD\r\n'));
  }
}

function exchange(server: TestServer, request: Buffer, isEnough: (bytes: Buffer) => boolean): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.port, server.host, () => socket.write(request));
    let answer = Buffer.alloc(0);
    socket.on('error', reject);
    socket.on('data', (bytes) => {
      answer = Buffer.concat([answer, bytes]);
      if (!isEnough(answer)) return;
      socket.destroy();
      resolve(answer);
    });
  });
}
