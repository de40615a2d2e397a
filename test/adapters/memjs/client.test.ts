import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Client, type ClientOptions, type Serializer } from '../../../src/memjs.js';
import { askOnce } from '../../../src/testing/servers/ask-once.js';
import { startMemcached } from '../../../src/testing/servers/memcached-server.js';
import type { TestServer } from '../../../src/testing/servers/test-server.js';
import { createMemjs, type RealClient } from './real-memjs.js';

const SILENT: ClientOptions = { logger: { log: () => undefined } };
const nowS = (): number => Math.floor(Date.now() / 1000);

const soon = (holds: () => void): Promise<void> => vi.waitFor(holds, { interval: 1, timeout: 10_000 });

/** Marks text by a flag, and keeps anything else as JSON. */
const TYPED: Serializer = {
  serialize(_opcode, value: unknown, extras) {
    if (typeof extras === 'string') return { value: String(value), extras };
    extras.writeUInt32BE(typeof value === 'string' ? 7 : 8, 0);
    return { value: typeof value === 'string' ? value : JSON.stringify(value), extras };
  },
  deserialize: (_opcode, value, extras) => ({
    value: extras.readUInt32BE(0) === 8 ? JSON.parse(String(value)) : String(value),
    extras: extras.readUInt32BE(0),
  }),
};

let servers: TestServer[] = [];
let list = '';
let real: RealClient;

beforeAll(async () => {
  servers = await Promise.all([startMemcached(), startMemcached(), startMemcached()]);
  list = servers.map(({ host, port }) => `${host}:${port}`).join();
  real = createMemjs(list);
});

afterAll(async () => {
  real.close?.();
  await Promise.all(servers.map((server) => server.stop()));
});

/** Seconds an entry has left, as its server tells; -1 for ever. */
async function lifeOf(client: Client, key: string): Promise<number> {
  const answer = await askOnce(client.server(key), `mg ${key} t\r\n`, (text) => text.endsWith('\r\n'));
  return Number(/ t(-?\d+)/.exec(answer ?? '')?.[1]);
}

describe.each(['meta', 'binary'] as const)('a client that speaks %s', (protocol) => {
  let client: Client;
  const k = (name: string): string => `${protocol}:${name}`;
  beforeAll(() => {
    client = Client.create(list, { ...SILENT, protocol, timeout: 5 });
  });
  afterAll(() => client.quit());

  it('takes a loop of un-awaited calls, as memjs does', async () => {
    const calls = Array.from({ length: 15_000 }, (_, i) => [client.get(k(`l${i}`)), client.set(k(`l${i}`), 'v')]);
    const settled = await Promise.allSettled(calls.flat());
    expect(settled.filter(({ status }) => status === 'rejected')).toEqual([]);
  });

  it('asks the server that memjs asks', () => {
    for (let i = 0; i < 200; i++) {
      const server = real.server?.(`key:${i}`) as { host: string; port: number };
      expect(client.server(`key:${i}`)).toEqual({ host: server.host, port: server.port });
      expect(client.servers[client.getServer(`key:${i}`)]).toEqual(client.server(`key:${i}`));
    }
    expect(() => {
      client.getServer = () => 0;
    }).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }));
  });

  it('keeps the flags that a serializer sets, and hands it those of memjs', async () => {
    const ours = Client.create<unknown>(list, { ...SILENT, protocol, serializer: TYPED });
    const theirs = createMemjs(list, { serializer: TYPED });
    try {
      await ours.set(k('text'), 'é');
      await ours.set(k('object'), { a: [1] });
      await theirs.set?.(k('theirs'), { b: 2 });
      expect(await theirs.get?.(k('text'))).toEqual({ value: 'é', flags: 7 });
      expect(await theirs.get?.(k('object'))).toEqual({ value: { a: [1] }, flags: 8 });
      expect(await ours.get(k('theirs'))).toEqual({ value: { b: 2 }, flags: 8 });
      expect((await client.get(k('object'))).flags).toEqual(Buffer.from([0, 0, 0, 8]));
    } finally {
      theirs.close?.();
      await ours.quit();
    }
  });

  it('tells a serializer that fails to the caller', async () => {
    const broken: Serializer = {
      serialize: (_opcode, value, extras) => ({ value, extras }),
      deserialize: () => {
        throw new Error('not ours');
      },
    };
    const ours = Client.create(list, { ...SILENT, protocol, serializer: broken });
    await ours.set(k('x'), 'v');
    await expect(ours.get(k('x'))).rejects.toThrow('not ours');
    ours.serializer = { ...broken, serialize: (_opcode, value) => ({ value, extras: 'short' }) };
    await expect(ours.set(k('x'), 'v')).rejects.toMatchObject({ code: 'ERR_INVALID_VALUE' });
    await ours.quit();
  });

  it('gives entries the life they are to have: by option, by call, by the positional expiry of old, for ever', async () => {
    const brief = Client.create(list, { ...SILENT, protocol, expires: 500 });
    const beganAt = performance.now();
    await brief.set(k('a'), 'v');
    await brief.set(k('b'), 'v', { expires: 1000 });
    await new Promise<void>((resolve) => brief.set(k('c'), 'v', () => resolve(), 2000));
    await new Promise<void>((resolve) => brief.increment(k('d'), 1, () => resolve(), 3000, 5));
    await client.set(k('e'), 'v');
    await client.set(k('f'), 'v', { expires: nowS() + 4_000_000 });
    const lives = await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => lifeOf(brief, k(name))));
    const passedS = (performance.now() - beganAt) / 1000;
    const expected = [500, 1000, 2000, 3000, -1, 4_000_000];
    for (const [i, life] of lives.entries()) {
      expect(life).toBeLessThanOrEqual((expected[i] ?? 0) + 3);
      expect(life).toBeGreaterThanOrEqual((expected[i] ?? 0) - 3 - passedS);
    }
    // Less than a second is one, not none, which would be for ever.
    await client.set(k('g'), 'v', { expires: 0.2 });
    await vi.waitUntil(async () => (await client.get(k('g'))).value === null, { interval: 50, timeout: 10_000 });
    expect(await brief.touch(k('e'), 900)).toBe(true);
    expect(await lifeOf(brief, k('e'))).toBeGreaterThan(600);
    await brief.quit();
  });

  it('has nothing left of what was stored with a date that has been', async () => {
    const expires = nowS() - 10;
    await client.set(k('old'), 'v');
    expect(await client.add(k('old'), 'w', { expires })).toBe(false);
    expect(await client.replace(k('old'), 'w', { expires })).toBe(true);
    expect((await client.get(k('old'))).value).toBeNull();
    expect(await client.add(k('old'), 'w', { expires })).toBe(true);
    expect(await client.set(k('old'), 'w', { expires })).toBe(true);
    expect((await client.get(k('old'))).value).toBeNull();
    await client.set(k('old'), 'v');
    expect(await client.touch(k('old'), expires)).toBe(true);
    expect(await client.touch(k('old'), expires)).toBe(false);
  });

  it('counts past 2^32, puts a prefix in front, and finds nothing to append to', async () => {
    expect(await client.increment(k('n'), 1, { initial: 5_000_000_000 })).toEqual({
      success: true,
      value: 5_000_000_000,
    });
    expect(await client.increment(k('n'), 1)).toEqual({ success: true, value: 5_000_000_001 });
    expect(await client.decrement(k('n'), 2)).toEqual({ success: true, value: 4_999_999_999 });
    await client.set(k('p'), 'b');
    expect(await client.prepend(k('p'), 'a')).toBe(true);
    expect(await client.append(k('p'), Buffer.from('c'))).toBe(true);
    expect(String((await client.get(k('p'))).value)).toBe('abc');
    expect(await client.append(k('none'), 'c')).toBe(false);
    expect(await client.prepend(k('none'), 'c')).toBe(false);
    expect((await client.get(k('none'))).value).toBeNull();
  });

  it('shares keys with memjs up to 250 bytes, whatever is in them, and values of any bytes', async () => {
    const keys = [
      '~sha256:x',
      'sp ace',
      'tab\tand\r\nline',
      'ключ',
      '😀',
      `${protocol}${'k'.repeat(200)}`,
      'é'.repeat(125),
    ];
    if (protocol === 'binary') keys.push(' '.repeat(250));
    for (const key of keys) {
      const bytes = Buffer.from(Array.from({ length: 300 }, (_, i) => i));
      expect(await client.set(key, bytes)).toBe(true);
      expect(await real.get?.(key)).toEqual({ value: bytes, flags: Buffer.alloc(4) });
      expect(await client.append(key, '!')).toBe(true);
      expect((await client.get(Buffer.from(key))).value).toEqual(Buffer.concat([bytes, Buffer.from('!')]));
    }
  });

  it('stores values of a megabyte less what their item takes, and refuses larger ones without keeping the old', async () => {
    const most = (1 << 20) - 48 - 8 - 3 - 250;
    await client.set(k('big'), Buffer.alloc(most, 1));
    expect(Buffer.alloc(most, 1).equals((await client.get(k('big'))).value ?? Buffer.alloc(0))).toBe(true);
    await expect(client.set(k('big'), Buffer.alloc(1 << 20))).rejects.toMatchObject({ code: 'ERR_VALUE_TOO_LARGE' });
    expect((await client.get(k('big'))).value).toBeNull();
  });

  it('tells what is wrong with a call by its callback or promise, and throws nothing', async () => {
    const wrong: [string, unknown[], string][] = [
      ['get', [''], 'ERR_INVALID_KEY'],
      ['get', [12], 'ERR_INVALID_KEY'],
      ['get', ['\ud800'], 'ERR_INVALID_KEY'],
      ['get', ['k'.repeat(251)], 'ERR_INVALID_KEY'],
      ['get', [Buffer.from([0xff])], 'ERR_INVALID_KEY'],
      ['set', [k('w'), 1], 'ERR_INVALID_VALUE'],
      ['set', [k('w'), undefined], 'ERR_INVALID_VALUE'],
      ['set', [k('w'), 'v', { expires: -1 }], 'ERR_INVALID_OPTION'],
      ['increment', [k('w'), -1], 'ERR_INVALID_VALUE'],
      ['increment', [k('w')], 'ERR_INVALID_VALUE'],
      ['append', [k('w'), null], 'ERR_INVALID_VALUE'],
    ];
    if (protocol === 'meta') wrong.push(['set', [' '.repeat(187), 'v'], 'ERR_INVALID_KEY']);
    const ours = client as never as RealClient;
    for (const [name, words, code] of wrong) {
      await expect(ours[name]?.(...words)).rejects.toMatchObject({ code });
      const callback = vi.fn();
      const filled = name === 'set' || name === 'increment' ? [words[0], words[1], words[2] ?? {}] : words;
      expect(ours[name]?.(...filled, callback)).toBeUndefined();
      await soon(() =>
        expect(callback).toHaveBeenCalledWith(
          expect.objectContaining({ code }),
          ...[null, null].slice(name === 'set' || name === 'append' ? 1 : 0),
        ),
      );
    }
    await client.set(k('text'), 'no number');
    await expect(client.increment(k('text'), 1)).rejects.toMatchObject({ code: 'ERR_NODE', reason: 'wrong-type' });
  });

  it('asks every server for statistics and versions, and empties every server', async () => {
    const names = servers.map(({ host, port }) => `${host}:${port}`);
    const heard = vi.fn();
    client.stats(heard);
    client.statsWithKey('settings', heard);
    client.resetStats(heard);
    client.statsWithKey('nonsense', heard);
    await soon(() => expect(heard).toHaveBeenCalledTimes(12));
    const told = heard.mock.calls;
    for (const name of names) {
      const own = told.filter((call) => call[1] === name);
      expect(own.filter(([error]) => error === null).map(([, , stats]) => typeof stats)).toEqual(
        Array(3).fill('object'),
      );
      expect(own.some(([, , stats]) => /^\d+$/.test(stats?.pid))).toBe(true);
      expect(own.some(([, , stats]) => stats?.item_size_max === '1048576')).toBe(true);
      expect(own.filter(([error]) => error !== null)).toMatchObject([[{ code: 'ERR_NODE' }, name, null]]);
    }
    expect(await client.version()).toMatch(/^\d+\.\d+/);
    expect(Object.keys(await client.versionAll())).toEqual(names);
    await client.set(k('a'), 'v');
    expect(await client.flush()).toEqual(Object.fromEntries(names.map((name) => [name, true])));
    const flushed = vi.fn();
    client.flush(flushed);
    await soon(() => expect(flushed).toHaveBeenCalledWith(null, Object.fromEntries(names.map((name) => [name, true]))));
    expect((await client.get(k('a'))).value).toBeNull();
  });
});
