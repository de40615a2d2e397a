/** Rows B7, B9 and B10: a memcached that is alive and refuses. */

import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { errorOfStatus } from '../../src/driver/memcached/settle-binary.js';
import { faultOf } from '../../src/index.js';
import { ScriptedNode } from '../driver/memcached/scripted-node.js';
import { clean, ending, openCache, PATIENT, startFleet, until } from './fleet.js';

/** A memcached that answers every request behind the handshake with one line, and counts the writes: deletes that are owed come when they like. */
async function startRefusing(line: string) {
  let writes = 0;
  let refusals = Number.POSITIVE_INFINITY;
  const node = await ScriptedNode.start((socket, received) => {
    for (const [, command, opaque] of received.matchAll(/^(m[sgd]) .*?O(\d+)\r$/gm)) {
      if (command === 'ms') writes++;
      if (refusals-- > 0) socket.write(`${line}\r\n`);
      else socket.write(`${command === 'mg' ? 'EN' : 'HD'} O${opaque}\r\n`);
    }
  });
  onTestFinished(() => node.close());
  const url = `memcached://127.0.0.1:${node.port}`;
  return { url, writes: () => writes, refuse: (times: number) => (refusals = times) };
}

describe('a memcached that refuses', () => {
  // Planted fault: a full server is connected to by every call, or its greeting waited behind.
  it('B7 too many open connections: says so, backs off, and serves once there is room', async () => {
    const fleet = await startFleet({ kinds: ['memcached'], cache: { health: false } });
    const { cache, proxy } = fleet;
    proxy.banner('ERROR Too many open connections\r\n', { thenClose: true });
    proxy.reset();
    const before = proxy.accepted;
    await until(
      () =>
        fleet.view('a').lastError?.includes('too many open connections') === true ||
        /Too many/.test(fleet.view('a').lastError ?? ''),
    );
    for (let i = 0; i < 200; i++) {
      await ending(() => cache.get(`key ${i}`));
      await sleep(2);
    }
    expect(proxy.accepted - before).toBeLessThan(15);
    await proxy.heal();
    await until(async () => (await cache.set('key', 1)) === true);
  });

  // Planted fault: the old copy of what did not fit is kept, or counts.
  it('B9 a value too large: said with a type of its own, and the old copy is gone', async () => {
    const fleet = await startFleet({ kinds: ['memcached'], cache: { health: false, timeouts: PATIENT } });
    const { cache, proxy } = fleet;
    expect(await cache.set('key', 'old')).toBe(true);
    const sent = proxy.connections.reduce((sum, { bytesToNode }) => sum + bytesToNode, 0);
    const { error } = await ending(() => cache.set('key', 'x'.repeat(2_000_000)));
    expect(error).toMatchObject({ code: 'ERR_VALUE_TOO_LARGE', node: 'a', key: 'key' });
    // The limit is known: nothing of it was sent.
    expect(proxy.connections.reduce((sum, { bytesToNode }) => sum + bytesToNode, 0) - sent).toBeLessThan(1_000);
    expect(await cache.get('key')).toBeUndefined();
    expect(fleet.view('a').breaker).toBe('closed');
    expect(await cache.set('key', 'new')).toBe(true);
  });

  // Planted fault: SERVER_ERROR object too large is a refusal like any other, and the floor of the key stays down.
  it('B9 a value that the server itself finds too large: the same', async () => {
    clean();
    const node = await startRefusing('SERVER_ERROR object too large for cache');
    const cache = await openCache({ nodes: [node.url], health: false, timeouts: PATIENT });
    await until(() => cache.nodes()[0]?.isConnected === true);
    for (let i = 0; i < 10; i++) {
      const { error } = await ending(() => cache.set(`key ${i}`, 'value'));
      expect(error).toMatchObject({ code: 'ERR_VALUE_TOO_LARGE' });
    }
    expect(cache.nodes()[0]?.breaker).toBe('closed');
  });

  // Planted fault: out of memory counts against the node.
  it.each([
    ['SERVER_ERROR out of memory storing object', 'full', 'closed'],
    ['SERVER_ERROR temporary failure', 'busy', 'open'],
    ['SERVER_ERROR busy', 'busy', 'open'],
  ])('B10 %s: tried once more within the budget, told as %s, breaker %s', async (line, reason, breaker) => {
    clean();
    const node = await startRefusing(line);
    const beganAt = performance.now();
    const timeouts = { connectMs: 5_000, attemptMs: 5_000, totalMs: 10_000 };
    const cache = await openCache({
      nodes: [node.url],
      health: false,
      onUnavailable: 'throw',
      fallback: false,
      timeouts,
    });
    await until(() => cache.nodes()[0]?.isConnected === true);
    node.refuse(1);
    expect(await cache.set('key', 'value')).toBe(true);
    expect(node.writes()).toBe(2);
    node.refuse(Number.POSITIVE_INFINITY);
    const { error } = await ending(() => cache.set('key', 'value'));
    expect(error).toMatchObject({ cause: { reason } });
    expect(node.writes()).toBe(4);
    for (let i = 0; i < 10; i++) await ending(() => cache.set(`key ${i}`, 'value'));
    expect(cache.nodes()[0]?.breaker).toBe(breaker);
    // 3 a second besides a tenth of the calls, and no more: they come bit by bit.
    const seconds = (performance.now() - beganAt) / 1_000;
    expect(cache.stats().calls.retries).toBeLessThanOrEqual(5 + 3 * seconds);
  });

  // Planted fault: a status of the binary protocol told as text alone.
  it('B10 the same in the binary protocol: 0x82, 0x85 and 0x86 have reasons, 0x82 discredits nobody', () => {
    const faults = [0x82, 0x85, 0x86].map((status) => errorOfStatus(status, 'key'));
    expect(faults.map((error) => 'reason' in error && error.reason)).toEqual(['full', 'busy', 'busy']);
    expect(faults.map(faultOf)).toEqual(['caller', 'node', 'node']);
  });
});
