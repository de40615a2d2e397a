import { describe, expect, it } from 'vitest';
import { createMemoryDriver } from '../../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../../src/driver/memory/memory-node.js';
import { CacheError, NodeError } from '../../../src/errors.js';
import { FakeClock } from '../../../src/testing/fake-clock.js';
import { PromisedConnection } from '../../../src/testing/promised-connection.js';

function setUp(options: Partial<ConstructorParameters<typeof MemoryNode>[0]> = {}) {
  const clock = new FakeClock();
  const node = new MemoryNode({ name: 'a', clock, ...options });
  const driver = createMemoryDriver({ name: 'a', store: node });
  const connect = async () => new PromisedConnection(await driver.connect({ signal: new AbortController().signal }));
  return { clock, node, driver, connect };
}

const given = new CacheError('ERR_CLOSED', 'given up');

describe('memory driver', () => {
  it('is private to its driver unless a node is passed in, and shared if one is', async () => {
    const first = createMemoryDriver({ name: 'a' });
    const second = createMemoryDriver({ name: 'a' });
    const { signal } = new AbortController();
    await new PromisedConnection(await first.connect({ signal })).store('k', 'v');
    expect(await new PromisedConnection(await second.connect({ signal })).get('k')).toBeUndefined();
    const { connect } = setUp();
    await (await connect()).store('k', 'v');
    expect(String(await (await connect()).get('k'))).toBe('v');
  });

  it('lends the bytes of a hit for the call alone', async () => {
    const { connect } = setUp();
    const call = await connect();
    await call.store('k', 'value');
    const kept = await new Promise<Buffer>((resolve, reject) => {
      const hit = (bytes: Buffer, start: number, end: number) => resolve(bytes.subarray(start, end));
      call.connection.send([{ kind: 'get', key: 'k', hit, miss: () => reject(new Error('miss')), fail: reject }]);
    });
    expect(kept.toString()).not.toBe('value');
  });

  it('refuses values above its limit before they touch the data, and writes to a full node with reason full', async () => {
    const { connect } = setUp({ maxValueBytes: 10, maxBytes: 150, whenFull: 'refuse' });
    const call = await connect();
    expect(call.connection.maxValueBytes).toBe(10);
    await call.store('k', 'v');
    await expect(call.store('k', 'x'.repeat(11))).rejects.toMatchObject({ code: 'ERR_VALUE_TOO_LARGE', key: 'k' });
    await call.store('l', 'v');
    await expect(call.store('m', 'v')).rejects.toMatchObject({ code: 'ERR_NODE', reason: 'full', node: 'a' });
    await expect(call.count('n', 1, { initial: 1 })).rejects.toMatchObject({ reason: 'full' });
    expect(String(await call.get('k'))).toBe('v');
  });

  it('delays by its latency, in order even when the latency drops', async () => {
    const { clock, node, connect } = setUp();
    const call = await connect();
    const seen: string[] = [];
    const note = (name: string) => () => seen.push(`${name}@${clock.now()}`);
    node.latencyMs = 100;
    call.store('k', '1').then(note('first'));
    node.latencyMs = 10;
    call.store('k', '2').then(note('second'));
    node.latencyMs = 0;
    call.store('k', '3').then(note('third'));
    await clock.advance(99);
    expect(seen).toEqual([]);
    expect(call.connection.owed).toBe(3);
    await clock.advance(1);
    expect(seen).toEqual(['first@100', 'second@100', 'third@100']);
    expect(String(await call.get('k'))).toBe('3');
  });

  it('carries on after hang in order, connects included', async () => {
    const { clock, node, connect } = setUp();
    const call = await connect();
    node.hang();
    const stored = call.store('k', 'v');
    const read = call.get('k');
    const late = connect();
    await clock.advance(10_000);
    expect(call.connection.owed).toBe(2);
    expect(node.openConnections).toBe(1);
    node.resume();
    expect(await stored).toBe(true);
    expect(String(await read)).toBe('v');
    await late;
    expect(node.openConnections).toBe(2);
  });

  it('gives up connecting to a hung, slow or refusing node with an error, leaving nothing behind', async () => {
    const { clock, node, driver } = setUp();
    const abort = new AbortController();
    node.hang();
    const hung = driver.connect({ signal: abort.signal });
    node.latencyMs = 500;
    const slow = driver.connect({ signal: abort.signal });
    await clock.drain();
    abort.abort(given);
    await expect(hung).rejects.toBe(given);
    await expect(slow).rejects.toBe(given);
    await expect(driver.connect({ signal: AbortSignal.abort() })).rejects.toBeInstanceOf(NodeError);
    node.heal();
    node.refuse('too-many-clients');
    const { signal } = new AbortController();
    await expect(driver.connect({ signal })).rejects.toMatchObject({ reason: 'too-many-clients' });
    expect(clock.pendingTimers).toBe(0);
    expect(node.openConnections).toBe(0);
    expect(node.stats.connects).toBe(0);
  });

  it('fails everything, or some kinds only, as told, without any effect', async () => {
    const { node, connect } = setUp();
    const call = await connect();
    node.failWith('full', ['store']);
    await expect(call.store('k', 'v')).rejects.toMatchObject({ reason: 'full', key: 'k' });
    expect(await call.get('k')).toBeUndefined();
    node.failWith(given);
    await expect(call.get('k')).rejects.toBe(given);
    await expect(call.connection.keys('')[Symbol.asyncIterator]().next()).rejects.toBe(given);
    node.failWith(undefined);
    expect(await call.store('k', 'v')).toBe(true);
  });

  it('loses its connections by kill, failing what they owe first, and refuses until restart', async () => {
    const { node, connect } = setUp();
    const call = await connect();
    const seen: string[] = [];
    call.connection.onClose = (error) => seen.push(`closed ${error.code} owing ${call.connection.owed}`);
    node.hang();
    const owed = call.get('k').catch((error: NodeError) => seen.push(error.reason));
    node.kill();
    await owed;
    expect(seen).toEqual(['closed ERR_NODE owing 0', 'lost']);
    expect(call.connection.isOpen).toBe(false);
    await expect(connect()).rejects.toMatchObject({ reason: 'refused' });
    node.restart({ data: 'keep' });
    await connect();
    expect(seen).toHaveLength(2);
  });

  it('restarts with its data, without, or with old data, each time as another incarnation', async () => {
    const { node, connect } = setUp();
    const before = await connect();
    expect(before.connection.incarnation?.isEmpty).toBe(true);
    await before.store('k', 'old');
    const old = node.snapshot();
    await before.store('k', 'new');
    const seen = new Set([before.connection.incarnation?.id]);
    for (const [data, value] of [
      ['keep', 'new'],
      [old, 'old'],
      ['empty', undefined],
    ] as const) {
      node.restart({ data });
      const call = await connect();
      expect((await call.get('k'))?.toString()).toBe(value);
      expect(call.connection.incarnation?.isEmpty).toBe(value === undefined);
      seen.add(call.connection.incarnation?.id);
    }
    expect(seen.size).toBe(4);
  });

  it('lets a snapshot expire when its entries would have', async () => {
    const { clock, node, connect } = setUp();
    await (await connect()).store('k', 'v', { ttlMs: 100 });
    const old = node.snapshot();
    await clock.advance(60);
    node.restart({ data: old });
    expect((await (await connect()).inspect('k'))?.ttlMs).toBe(40);
    await clock.advance(40);
    expect(node.size).toBe(0);
  });

  it('executes late what a connection given up had sent, unless it is made sure to be gone', async () => {
    const { node, connect } = setUp();
    const [late, gone, live] = [await connect(), await connect(), await connect()];
    await live.store('k', 'first');
    node.hang();
    const lateOutcome = expect(late.store('k', 'late')).rejects.toBe(given);
    const goneOutcome = expect(gone.store('l', 'never')).rejects.toBe(given);
    late.connection.destroy(given);
    gone.connection.destroy(given);
    await Promise.all([lateOutcome, goneOutcome]);
    node.resume({ keepAbandoned: true });
    await live.store('k', 'newer');
    expect(await live.connection.ensureGone(gone.connection.id ?? '')).toBe(true);
    expect(String(await live.get('k'))).toBe('newer');
    node.runAbandoned();
    expect(String(await live.get('k'))).toBe('late');
    expect(await live.get('l')).toBeUndefined();
  });

  it('forgets what was in flight when it is killed', async () => {
    const { node, connect } = setUp();
    const call = await connect();
    node.hang();
    const outcome = expect(call.store('k', 'late')).rejects.toBe(given);
    call.connection.destroy(given);
    await outcome;
    node.restart({ data: 'keep' });
    expect(await (await connect()).get('k')).toBeUndefined();
  });

  it('carries out what it never answers while replies are dropped, and answers nothing after that', async () => {
    const { node, connect } = setUp();
    const call = await connect();
    node.dropReplies = true;
    const first = expect(call.store('k', 'v')).rejects.toBe(given);
    expect(String(await (await connectAfter(node, connect)).get('k'))).toBe('v');
    const second = expect(call.get('k')).rejects.toBe(given);
    await new Promise(setImmediate);
    expect(call.connection.owed).toBe(2);
    call.connection.destroy(given);
    await Promise.all([first, second]);
  });

  it('lets replies trickle so that bytes come in long before the answer does', async () => {
    const { clock, node, connect } = setUp();
    const call = await connect();
    await call.store('k', 'x'.repeat(10_000));
    const before = call.connection.bytesRead;
    node.replyBytesPerSecond = 10_000;
    const read = call.get('k');
    await clock.advance(500);
    expect(call.connection.owed).toBe(1);
    expect(call.connection.bytesRead - before).toBeGreaterThan(4_000);
    await clock.advance(600);
    expect((await read)?.length).toBe(10_000);
    expect(call.connection.bytesRead - before).toBe(10_008);
    expect(clock.pendingTimers).toBe(0);
  });

  it('stops within a batch when a callback cuts the connection, and executes the rest silently', async () => {
    const { node, connect } = setUp();
    const { connection } = await connect();
    const seen: string[] = [];
    const store = (key: string, done: () => void) =>
      ({
        kind: 'store',
        key,
        mode: 'set',
        bytes: Buffer.from('v'),
        ttlMs: 0,
        done,
        fail: (error: CacheError) => seen.push(`${key} ${error.message}`),
      }) as const;
    connection.send([
      store('a', () => connection.destroy(given)),
      store('b', () => seen.push('b answered')),
      store('c', () => seen.push('c answered')),
    ]);
    await new Promise(setImmediate);
    expect(seen).toEqual(['b given up', 'c given up']);
    expect(node.size).toBe(3);
    expect(node.openConnections).toBe(0);
  });

  it('counts what it carried out, by kind', async () => {
    const { node, connect } = setUp();
    const call = await connect();
    await call.store('k', '1');
    await Promise.all([call.get('k'), call.get('k'), call.count('k', 1), call.inspect('k'), call.touch('k', 0)]);
    await call.delete('k');
    const { bytes, evictions, connects, ...operations } = node.stats;
    expect(operations).toEqual({ get: 2, inspect: 1, store: 1, delete: 1, touch: 1, count: 1, raw: 0 });
    expect([bytes, evictions, connects]).toEqual([0, 0, 1]);
  });
});

/** Another connection that still gets replies. */
async function connectAfter(node: MemoryNode, connect: () => Promise<PromisedConnection>): Promise<PromisedConnection> {
  await new Promise(setImmediate);
  node.dropReplies = false;
  return connect();
}
