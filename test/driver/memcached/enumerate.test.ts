import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Connection } from '../../../src/driver/driver.js';
import { askStore } from '../../../src/testing/promised-connection.js';
import { startMemcached } from '../../../src/testing/servers/memcached-server.js';
import { at, connectMeta, given } from './connections.js';
import { ScriptedNode } from './scripted-node.js';

let server: Awaited<ReturnType<typeof startMemcached>>;

beforeAll(async () => {
  server = await startMemcached();
});
afterAll(() => server.stop());

const connect = (port = server.port) => connectMeta({ address: at(port) });

async function keysOf(connection: Connection, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const batch of connection.keys(prefix)) keys.push(...batch);
  return keys.sort();
}

describe('the walk over keys', () => {
  it('tells all keys under a prefix, whatever characters they hold, and no others', async () => {
    const call = await connect();
    const names = ['a', 'a b', 'a%20b', 'naïve', '日本', '🦊', '\0\r\n', 'x'.repeat(170), '%', '+'];
    const keys = names.map((name) => `walk:${name}`).sort();
    await Promise.all(call.sendAll([...keys, 'other', 'walkx'].map((key) => askStore(key, 'v'))));
    expect(await keysOf(call.connection, 'walk:')).toEqual(keys);
    expect(await keysOf(call.connection, 'nothing begins so')).toEqual([]);
    expect(await keysOf(call.connection, 'walk:a')).toEqual(['walk:a', 'walk:a b', 'walk:a%20b']);
  });

  it('tells ten thousand in batches, while the connection itself goes on serving', async () => {
    const call = await connect();
    const keys = Array.from({ length: 10_000 }, (_, index) => `many:${String(index).padStart(5, '0')}`);
    await Promise.all(call.sendAll(keys.map((key) => askStore(key, 'v'))));
    const found: string[] = [];
    for await (const batch of call.connection.keys('many:')) {
      expect(batch.length).toBeLessThanOrEqual(512);
      found.push(...batch);
      expect(String(await call.get(batch[0] ?? ''))).toBe('v');
    }
    expect(found.sort()).toEqual(keys);
  });

  it('can be left at any time, and leaves no connection behind', async () => {
    const call = await connect();
    const count = async (): Promise<number> =>
      ((await call.raw('stats', 'conns')) as string[]).filter((line) => line.includes(':addr ')).length;
    const before = await count();
    for await (const batch of call.connection.keys('many:')) if (batch.length > 0) break;
    await expect.poll(count).toBe(before);
  });

  it('waits for another walk that is under way', async () => {
    const call = await connect();
    const walks = await Promise.all([1, 2, 3].map(() => keysOf(call.connection, 'many:')));
    for (const keys of walks) expect(keys).toHaveLength(10_000);
  });

  it('is refused where the server forbids it', async () => {
    const closed = await startMemcached({ args: ['-X'] });
    try {
      const { connection } = await connect(closed.port);
      await expect(keysOf(connection, '')).rejects.toMatchObject({ code: 'ERR_NODE', reason: 'rejected' });
    } finally {
      await closed.stop();
    }
  });

  it('falls back to the older form, skips what is no key of ours, and fails on nonsense', async () => {
    const lines = ['key=a%20b exp=-1 la=1 cas=2 fetch=no cls=1 size=60', 'key=%ff exp=-1 la=1', 'key=c exp=-1'];
    let answer = '';
    const node = await ScriptedNode.start(
      (socket, text) => {
        if (text.includes('metadump hash')) socket.write('CLIENT_ERROR invalid class id\r\n');
        else if (text.includes('metadump all')) socket.write(answer);
        else for (const line of text.split('\r\n').slice(0, -1)) socket.write(line === 'mn' ? 'MN\r\n' : 'END\r\n');
      },
      { isBare: true },
    );
    const { connection } = await connect(node.port);
    answer = `${lines.join('\n')}\nEND\r\n`;
    expect(await keysOf(connection, '')).toEqual(['a b', 'c']);
    answer = `${lines[0]}\nwhat is this\nEND\r\n`;
    await expect(keysOf(connection, '')).rejects.toMatchObject({ reason: 'protocol' });
    answer = 'x'.repeat(20_000);
    await expect(keysOf(connection, '')).rejects.toMatchObject({ reason: 'protocol' });
    answer = `${lines[0]}\n`;
    await expect.poll(() => node.sockets.size).toBe(1);
    const cut = keysOf(connection, '');
    await expect.poll(() => node.sockets.size).toBe(2);
    [...node.sockets][1]?.destroy();
    await expect(cut).rejects.toMatchObject({ reason: 'lost' });
    await node.close();
  });

  it('ends with the connection it was asked of', async () => {
    const node = await ScriptedNode.start(
      (socket, text) => {
        if (text.includes('metadump')) socket.write('key=a exp=-1\n'.repeat(600));
        else for (const line of text.split('\r\n').slice(0, -1)) socket.write(line === 'mn' ? 'MN\r\n' : 'END\r\n');
      },
      { isBare: true },
    );
    const { connection } = await connect(node.port);
    const walk = connection.keys('')[Symbol.asyncIterator]();
    expect((await walk.next()).value).toHaveLength(512);
    const rest = walk.next();
    connection.destroy(given);
    await expect(rest).rejects.toMatchObject({ reason: 'lost' });
    await expect.poll(() => node.sockets.size).toBe(0);
    await node.close();
  });
});
