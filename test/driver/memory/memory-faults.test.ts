import { describe, expect, it } from 'vitest';
import type { MemoryNode } from '../../../src/driver/memory/memory-node.js';
import type { CacheError, NodeError } from '../../../src/errors.js';
import type { PromisedConnection } from '../../../src/testing/promised-connection.js';
import { given, setUp } from './set-up.js';

describe('faults of an in-process node', () => {
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
});

/** Another connection that still gets replies. */
async function connectAfter(node: MemoryNode, connect: () => Promise<PromisedConnection>): Promise<PromisedConnection> {
  await new Promise(setImmediate);
  node.dropReplies = false;
  return connect();
}
