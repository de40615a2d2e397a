/** A process that forgot its cache. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startMemcached } from '../../src/testing/servers/memcached-server.js';
import { startRedis } from '../../src/testing/servers/redis-server.js';
import { type BuiltPackage, buildPackage } from './built-package.js';

const PROGRAM = fileURLToPath(new URL('./program-that-forgets.js', import.meta.url));

describe('unref', () => {
  let built: BuiltPackage;

  beforeAll(async () => {
    built = await buildPackage();
  });

  afterAll(() => built.remove());

  /** What the program said, and whether it ended by itself: at once, if at all, but on a busy machine that takes a while. */
  async function run(url: string, choice: 'unref' | 'hold', authority?: string) {
    const child = spawn(process.execPath, [PROGRAM, built.index, url, choice], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...(authority === undefined ? {} : { NODE_EXTRA_CA_CERTS: authority }) },
    });
    let text = '';
    let limit: NodeJS.Timeout | undefined;
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      limit ??= setTimeout(() => child.kill('SIGKILL'), choice === 'hold' ? 1_500 : 20_000);
    });
    const [code] = (await once(child, 'close')) as [number | null];
    clearTimeout(limit);
    return { text, ended: code === 0 };
  }

  it.each([
    ['redis', startRedis],
    ['redis over TLS', () => startRedis({ tls: true })],
    ['memcached', startMemcached],
  ] as const)('lets a process end that holds nothing but a cache over %s', async (_, start) => {
    const server = await start();
    const { certificate } = server;
    expect(await run(server.url, 'unref', certificate?.certFile)).toEqual({ text: 'value\n', ended: true });
    await server.stop();
  });

  it('does not end a process that waits for a probe of its own, however long that takes', async () => {
    const program = fileURLToPath(new URL('./program-that-asks.js', import.meta.url));
    const child = spawn(process.execPath, [program, built.index], { stdio: ['ignore', 'pipe', 'ignore'] });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    const [code] = (await once(child, 'close')) as [number | null];
    expect({ code, text }).toEqual({ code: 0, text: 'told\n' });
  });

  it('is off by default: an open cache keeps its process', async () => {
    const server = await startRedis();
    expect(await run(server.url, 'hold')).toEqual({ text: 'value\n', ended: false });
    await server.stop();
  });
});
