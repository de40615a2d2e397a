/** The order of one key's operations while its slot moves, on servers that answer when they are told to. */

import { describe, expect, it } from 'vitest';
import { keySlot } from '../../../../src/driver/redis/cluster/key-slot.js';
import { CacheError, faultOf } from '../../../../src/errors.js';
import { askStore, type PromisedConnection } from '../../../../src/testing/promised-connection.js';
import { until } from '../../../staleness/support/until.js';
import { type ScriptedServer, scriptedPair } from './scripted-cluster.js';

const SLOT = keySlot('k');
const set = (value: number) => askStore('k', `${value}`);
const moved = (to: ScriptedServer) => `-MOVED ${SLOT} 127.0.0.1:${to.port}`;
/** Resolves when what a server says in `says` has been read. */
async function heard({ connection }: PromisedConnection, says: () => void): Promise<void> {
  const before = connection.bytesRead;
  says();
  await until('it is heard', () => connection.bytesRead > before);
}

const has = (server: ScriptedServer, count: number) =>
  until(`${count} commands have come`, () => server.received.length >= count);

describe('an operation that is sent on', () => {
  it('goes before all that were sent after it, and those wait until its former owner has given back the last', async () => {
    const { a, b, call } = await scriptedPair();
    const stored = call.sendAll([set(1), set(2)]);
    await has(a, 2);
    await heard(call, () => a.answer(moved(b)));
    const other = call.get('{k}other');
    stored.push(call.send(set(3)));
    expect(b.received).toEqual([]);
    expect(a.received.length).toBe(2);
    expect(call.connection.owed).toBe(4);
    a.answer(moved(b));
    await has(b, 4);
    expect(b.received).toEqual(['SET k 1', 'SET k 2', 'MGET {k}other', 'SET k 3']);
    for (const reply of ['+OK', '+OK', '*1\r\n$-1', '+OK']) b.answer(reply);
    expect(await Promise.all(stored)).toEqual([true, true, true]);
    expect(await other).toBeUndefined();
    expect(call.connection.owed).toBe(0);
  });

  it('on its way to a slot that is coming is announced, alone', async () => {
    const { a, b, call } = await scriptedPair();
    const stored = call.sendAll([set(1), set(2)]);
    await has(a, 2);
    a.answer(`-ASK ${SLOT} 127.0.0.1:${b.port}`);
    a.answer('+OK');
    await has(b, 2);
    expect(b.received).toEqual(['ASKING', 'SET k 1']);
    b.answer('+OK');
    b.answer('+OK');
    expect(await Promise.all(stored)).toEqual([true, true]);
    const next = call.send(set(3));
    await has(a, 3);
    a.answer('+OK');
    expect(await next).toBe(true);
  });

  it('between servers that name each other fails in the end, and harms nobody else', async () => {
    const { a, b, call } = await scriptedPair();
    const stored = call.send(set(1)).catch((error: unknown) => error);
    for (let hop = 0; hop < 6; hop++) {
      const [from, to] = hop % 2 === 0 ? [a, b] : [b, a];
      await until('it has come', () => from.waiting.length > 0);
      from.answer(moved(to));
    }
    expect(faultOf(await stored)).toBe('link');
    expect(call.connection.isOpen).toBe(true);
    expect(call.connection.owed).toBe(0);
  });

  it.each([
    ['-CLUSTERDOWN Hash slot not served', 'link'],
    ['-CLUSTERDOWN The cluster is down', 'node'],
    ['-TRYAGAIN Multiple keys request during rehashing of slot', 'caller'],
    ["-CROSSSLOT Keys in request don't hash to the same slot", 'caller'],
  ] as const)('is not where the server says %s: the fault is that of the %s', async (reply, fault) => {
    const { a, call } = await scriptedPair();
    const stored = call.send(set(1)).catch((error: unknown) => error);
    await has(a, 1);
    a.answer(reply);
    expect(faultOf(await stored)).toBe(fault);
    expect(call.connection.isOpen).toBe(true);
  });

  it('fails with the connection wherever it is', async () => {
    const { a, b, call } = await scriptedPair();
    const stored = call
      .sendAll([set(1), set(2), askStore('{k}other', '1')])
      .map((done) => done.catch((error) => error));
    await has(a, 3);
    await heard(call, () => a.answer(moved(b)));
    const queued = call.send(set(3)).catch((error: unknown) => error);
    const error = new CacheError('ERR_CLOSED', 'over');
    call.connection.destroy(error);
    expect(await Promise.all([...stored, queued])).toEqual([error, error, error, error]);
    expect(call.connection.owed).toBe(0);
  });
});
