import { describe, expect, it } from 'vitest';
import { createMemoryDriver } from '../../../src/driver/memory/memory-driver.js';
import { NodeError } from '../../../src/errors.js';
import { PromisedConnection } from '../../../src/testing/promised-connection.js';
import { given, setUp } from './set-up.js';

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

  it('counts what it carried out, by kind', async () => {
    const { node, connect } = setUp();
    const call = await connect();
    await call.store('k', '1');
    await Promise.all([call.get('k'), call.get('k'), call.count('k', 1), call.inspect('k'), call.touch('k', 0)]);
    await call.delete('k');
    const { bytes, evictions, connects, ...operations } = node.stats;
    expect(operations).toEqual({ get: 2, inspect: 1, store: 1, delete: 1, lease: 0, touch: 1, count: 1, raw: 0 });
    expect([bytes, evictions, connects]).toEqual([0, 0, 1]);
  });
});
