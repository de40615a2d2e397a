import { describe, expect, it } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { NodeError } from '../../src/errors.js';
import { GroupDriver } from '../../src/failover/group-driver.js';
import { FakeClock } from '../../src/testing/fake-clock.js';
import { PromisedConnection } from '../../src/testing/promised-connection.js';

const OVER = new NodeError('lost', 'b takes over');

function setUp({ hasSettled = false } = {}) {
  const clock = new FakeClock();
  const [a, b] = [new MemoryNode({ name: 'a', clock }), new MemoryNode({ name: 'b', clock })];
  const drivers = [a, b].map((store) => createMemoryDriver({ name: store.name, clock, store }));
  const group = new GroupDriver({ name: 'g', drivers, hasSettled: () => hasSettled });
  const abort = new AbortController();
  const connect = () => group.connect({ signal: abort.signal });
  return { clock, a, b, group, abort, connect };
}

describe('the driver of a group', () => {
  it('leads to the node that is active, and leaves no connection to the one that was', async () => {
    const { a, b, group, connect } = setUp();
    const first = await connect();
    expect([a.openConnections, b.openConnections]).toEqual([1, 0]);
    const pending = new PromisedConnection(first).get('k');
    group.switchTo(1, OVER);
    await expect(pending).rejects.toBe(OVER);
    expect(first.isOpen).toBe(false);
    const second = await connect();
    expect([a.openConnections, b.openConnections]).toEqual([0, 1]);
    expect(await new PromisedConnection(second).store('k', 'v')).toBe(true);
    expect(b.size).toBe(1);
  });

  it('goes on towards the new node where the switch comes while it connects', async () => {
    const { clock, a, b, group, connect } = setUp();
    a.hang();
    const connecting = connect();
    await clock.drain();
    group.switchTo(1, OVER);
    await clock.until(connecting);
    expect(b.openConnections).toBe(1);
    a.resume();
    await clock.drain();
    expect(a.openConnections).toBe(0);
  });

  it('hands out none of an earlier term, however late the switch comes', async () => {
    for (let turns = 0; turns < 12; turns++) {
      const { a, b, group, connect } = setUp();
      const connecting = connect();
      for (let i = 0; i < turns; i++) await Promise.resolve();
      group.switchTo(1, OVER);
      const connection = await connecting;
      // One that was on its way to its taker is closed, which he looks for.
      expect([a.openConnections, b.openConnections]).toEqual([0, connection.isOpen ? 1 : 0]);
    }
  });

  it('ends with its deadline, also when a switch came in between', async () => {
    const { clock, a, b, group, abort, connect } = setUp();
    a.hang();
    b.hang();
    const connecting = connect();
    await clock.drain();
    group.switchTo(1, OVER);
    await clock.drain();
    abort.abort();
    await expect(clock.until(connecting)).rejects.toMatchObject({ code: 'ERR_NODE' });
    expect([a.openConnections, b.openConnections]).toEqual([0, 0]);
  });

  it('calls every term another life, and no life empty', async () => {
    const { group, connect } = setUp();
    const lives = [(await connect()).incarnation, (await connect()).incarnation];
    expect(lives[0]).toEqual(lives[1]);
    for (const member of [1, 0]) {
      group.switchTo(member, OVER);
      lives.push((await connect()).incarnation);
    }
    expect(new Set(lives.map((life) => life?.id)).size).toBe(3);
    expect(lives.every((life) => life?.isEmpty === false)).toBe(true);
  });

  it('remembers what was written while the primary was not active, and only that', async () => {
    const { group, connect } = setUp();
    const primary = new PromisedConnection(await connect());
    await primary.store('before', 'v');
    group.switchTo(1, OVER);
    const standby = new PromisedConnection(await connect());
    await standby.store('k', 'v');
    await standby.get('read');
    await standby.delete('gone');
    expect(group.missed.take()).toEqual(['k', 'gone']);
    expect(group.missed.count).toBe(0);
  });

  it('answers that a connection left at another node is gone, but does not connect there before that is so', async () => {
    const { a, group, connect } = setUp();
    const left = await connect();
    a.hang();
    void new PromisedConnection(left).store('k', 'old').catch(() => undefined);
    group.switchTo(1, OVER);
    expect(await (await connect()).ensureGone(left.id ?? '')).toBe(true);
    a.resume({ keepAbandoned: true });
    group.switchTo(0, OVER);
    const back = new PromisedConnection(await connect());
    a.runAbandoned();
    expect(await back.get('k')).toBeUndefined();
  });

  it('does not wait beyond its deadline for a node that falls silent when it is asked about what was left there', async () => {
    const { clock, a, group, connect } = setUp();
    const left = await connect();
    group.switchTo(1, OVER);
    const later = await connect();
    expect(await later.ensureGone(left.id ?? '')).toBe(true);
    for (const ask of [
      (signal: AbortSignal) => group.rehearse(0, signal),
      (signal: AbortSignal) => {
        group.switchTo(0, OVER);
        return group.connect({ signal });
      },
    ]) {
      const abort = new AbortController();
      const asked: Promise<unknown> = ask(abort.signal);
      for (let turns = 0; a.openConnections === 0 && turns < 20; turns++) await Promise.resolve();
      a.hang();
      await clock.drain();
      abort.abort();
      await expect(clock.until(asked)).rejects.toMatchObject({ reason: 'unreachable' });
      a.resume();
      await clock.drain();
      expect(a.openConnections).toBe(0);
    }
  });

  it('needs to ask nobody where the node has begun another life', async () => {
    const { a, group, connect } = setUp();
    const left = await connect();
    group.switchTo(1, OVER);
    await (await connect()).ensureGone(left.id ?? '');
    a.restart({ data: 'keep' });
    const stranger = await createMemoryDriver({ name: 'a', store: a }).connect({
      signal: new AbortController().signal,
    });
    group.switchTo(0, OVER);
    await connect();
    expect(stranger.isOpen).toBe(true);
  });

  it('refuses to connect where nobody can tell, until time has settled it', async () => {
    const nameless = (store: MemoryNode) => ({
      ...createMemoryDriver({ name: store.name, store }),
      connect: async () => {
        const connection = await createMemoryDriver({ name: store.name, store }).connect({
          signal: new AbortController().signal,
        });
        return Object.defineProperty(connection, 'id', { value: undefined });
      },
    });
    let hasSettled = false;
    const group = new GroupDriver({
      name: 'g',
      drivers: [new MemoryNode({ name: 'a' }), new MemoryNode({ name: 'b' })].map(nameless),
      hasSettled: () => hasSettled,
    });
    const { signal } = new AbortController();
    const connect = () => group.connect({ signal });
    const left = await connect();
    group.switchTo(1, OVER);
    await (await connect()).ensureGone(left.id ?? '');
    await expect(group.rehearse(0, signal)).rejects.toMatchObject({ reason: 'unreachable' });
    await group.rehearse(1, signal);
    group.switchTo(0, OVER);
    await expect(connect()).rejects.toMatchObject({ reason: 'unreachable' });
    hasSettled = true;
    expect((await connect()).isOpen).toBe(true);
  });
});
