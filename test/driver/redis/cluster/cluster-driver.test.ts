/** The driver of a node that is a Redis Cluster, against real servers: the contract, slots that move, servers that fall out. */

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../../src/base/clock.js';
import type { Connection } from '../../../../src/driver/driver.js';
import { ClusterDriver } from '../../../../src/driver/redis/cluster/cluster-driver.js';
import { keySlot } from '../../../../src/driver/redis/cluster/key-slot.js';
import { createRedisDriver } from '../../../../src/driver/redis/redis-driver.js';
import { CacheError, faultOf } from '../../../../src/errors.js';
import { driverContract } from '../../../../src/testing/driver-contract.js';
import { askCount, askGet, PromisedConnection } from '../../../../src/testing/promised-connection.js';
import { ClusterFleet } from '../../../../src/testing/servers/cluster-fleet.js';
import { startRedis } from '../../../../src/testing/servers/redis-server.js';
import type { TestServer } from '../../../../src/testing/servers/test-server.js';
import { until } from '../../../staleness/support/until.js';
import { stopwatch } from '../../../support/stopwatch.js';

let fleet: ClusterFleet;

let guarded: ClusterFleet;

beforeAll(async () => {
  [fleet, guarded] = await Promise.all([
    ClusterFleet.start({ replicas: 1, spares: 1 }),
    ClusterFleet.start({ masters: 1, tls: true, password: 'secret' }),
  ]);
});
afterAll(() => Promise.all([fleet, guarded].map((servers) => servers.stop())));

/** On a busy machine a server that is well may be silent for longer than the default. */
const newDriver = (silentMs = 10_000) =>
  new ClusterDriver({ hosts: fleet.masters.slice(0, 1), clock: systemClock, silentMs, graceMs: 1_500 });
const signal = () => AbortSignal.timeout(20_000);

/** Cases that do little but wait may wait together. */
const WAITING = /time to live|ends by itself|though its entry has expired/;

describe('driver contract of a Redis Cluster', () => {
  const create = async () => ({ driver: newDriver(), stop: async () => undefined });
  const ping = { words: ['PING'], isPong: (reply: unknown) => String(reply) === 'PONG' };
  const cases = driverContract({ name: 'redis+cluster', lacks: ['restart'], order: 'key', ping, create });
  for (const { title, run } of cases) if (!WAITING.test(title)) it(title, run);
  for (const { title, run } of cases) if (WAITING.test(title)) it.concurrent(title, run);
});

async function connect(driver = newDriver()): Promise<PromisedConnection & { readonly connection: Connection }> {
  const connection = await driver.connect({ signal: signal() });
  onTestFinished(() => connection.destroy(new CacheError('ERR_CLOSED', 'the test is over')));
  return new PromisedConnection(connection);
}

/** Keys that begin with `name` and lie on that master, as the slots were shared out at first. */
function keysOn(master: number, name: string, count = 1): string[] {
  const share = Math.ceil(16_384 / fleet.masters.length);
  const keys: string[] = [];
  for (let i = 0; keys.length < count; i++)
    if (Math.floor(keySlot(`${name}${i}`) / share) === master) keys.push(`${name}${i}`);
  return keys;
}

const master = (i: number): TestServer => fleet.masters[i] as TestServer;

describe('slots that move', () => {
  it('between masters take every operation with them, in order, by way of both', async () => {
    const call = await connect();
    // Counters of an earlier try went on where it ended.
    const [first = ''] = keysOn(0, `move:${randomUUID()}:`);
    const slot = keySlot(first);
    const keys = [first, ...Array.from({ length: 4 }, (_, i) => `{${first}}${i}`)];
    const results: Promise<number | undefined>[][] = keys.map(() => []);
    let isMoving = true;
    const pump = async (): Promise<void> => {
      for (; isMoving; await new Promise((resolve) => setImmediate(resolve))) {
        const asks = keys.flatMap((key) => [askCount(key, 1, { initial: 1 }), askCount(key, 1, { initial: 1 })]);
        for (const [i, outcome] of call.sendAll(asks).entries()) results[i >> 1]?.push(outcome);
      }
    };
    const pumped = pump();
    await fleet.moveSlot(slot, master(0), master(1));
    await fleet.moveSlot(slot, master(1), master(0));
    isMoving = false;
    await pumped;
    for (const counts of results) {
      const told = await Promise.all(counts);
      expect(told).toEqual(told.map((_, i) => i + 1));
      expect(told.length).toBeGreaterThan(10);
    }
    expect(call.connection.isOpen).toBe(true);
    expect(call.connection.owed).toBe(0);
  });

  it('to a server without slots are followed once something was sent there, and a walk over the keys says that it cannot', async () => {
    const call = await connect();
    const [key = ''] = keysOn(2, 'spare');
    const slot = keySlot(key);
    await call.store(key, 'v');
    const spare = fleet.spares[0] as TestServer;
    await fleet.moveSlot(slot, master(2), spare, async () => {
      expect(await call.get(`{${key}}missing`)).toBeUndefined();
      expect(await call.store(`{${key}}new`, 'w')).toBe(true);
      expect(String(await call.get(key))).toBe('v');
      // The key is on one side and its lease would be on the other.
      const refusal = await call.delete(key).catch((error: unknown) => error);
      expect(refusal).toMatchObject({ code: 'ERR_NODE', reason: 'rejected' });
      expect(faultOf(refusal)).toBe('caller');
      const walk = call.connection.keys('spare')[Symbol.asyncIterator]();
      await expect(walk.next()).rejects.toMatchObject({ reason: 'busy' });
    });
    expect(String(await call.get(key))).toBe('v');
    expect(String(await call.get(`{${key}}new`))).toBe('w');
    expect(await call.delete(key)).toBe(true);
    expect(call.connection.isOpen).toBe(true);
    const walked: string[] = [];
    for await (const keys of call.connection.keys(`{${key}}`)) walked.push(...keys);
    expect(walked).toEqual([`{${key}}new`]);
    await fleet.moveSlot(slot, spare, master(2));
    expect(String(await call.get(`{${key}}new`))).toBe('w');
  });

  it('to a server without slots, unheard of, end the connection, and the next one knows', async () => {
    const driver = newDriver();
    const call = await connect(driver);
    const [key = ''] = keysOn(2, 'unheard');
    await call.store(key, 'v');
    const spare = fleet.spares[0] as TestServer;
    await fleet.moveSlot(keySlot(key), master(2), spare);
    await expect(call.get(key)).rejects.toMatchObject({ reason: 'lost' });
    expect(call.connection.isOpen).toBe(false);
    const next = await connect(driver);
    expect(String(await next.get(key))).toBe('v');
    await fleet.moveSlot(keySlot(key), spare, master(2));
    expect(String(await next.get(key))).toBe('v');
  });
});

describe('a server that falls out', () => {
  it('by silence fails its own keys before anybody waits long, and is let in again in the same life', async () => {
    const driver = newDriver(1_000);
    const call = await connect(driver);
    const [[silent = ''], [served = '']] = [keysOn(1, 'silent'), keysOn(2, 'served')];
    await call.store(served, 'v');
    await call.store(silent, 'v');
    const { incarnation } = call.connection;
    // Also for whoever comes after a failure.
    onTestFinished(() => master(1).resume());
    await master(1).pause();
    const ownMs = stopwatch();
    const failing = call.store(silent, 'w').catch((error: unknown) => error);
    const answers = await Promise.all(call.sendAll(Array.from({ length: 100 }, () => askGet(served))));
    expect(answers.every((bytes) => String(bytes) === 'v')).toBe(true);
    const failure = await failing;
    expect(faultOf(failure)).toBe('link');
    expect(ownMs()).toBeLessThan(2_500);
    expect(faultOf(await call.get(silent).catch((error: unknown) => error))).toBe('link');
    const meanwhile = await connect(driver);
    expect(String(await meanwhile.get(served))).toBe('v');
    expect(meanwhile.connection.incarnation).toEqual(incarnation);
    await expect(meanwhile.connection.ensureGone(call.connection.id ?? '')).rejects.toMatchObject({ code: 'ERR_NODE' });
    master(1).resume();
    await until('it is let in', () => call.get(silent).then(Boolean, () => false));
    expect(call.connection.isOpen).toBe(true);
    await until('that is known to be gone', () =>
      meanwhile.connection.ensureGone(call.connection.id ?? '').catch(() => false),
    );
    expect(call.connection.incarnation).toEqual((await connect(driver)).connection.incarnation);
  });

  it('and comes back in another life ends the connection, and the next one tells another incarnation', async () => {
    const driver = newDriver();
    const call = await connect(driver);
    const closed = new Promise((resolve) => {
      call.connection.onClose = resolve;
    });
    await master(2).restart();
    expect(await closed).toMatchObject({ reason: 'lost' });
    const next = await connect(driver);
    expect(next.connection.incarnation?.id).not.toBe(call.connection.incarnation?.id);
    expect(next.connection.incarnation?.isEmpty).toBe(false);
    expect(await next.connection.ensureGone(call.connection.id ?? '')).toBe(true);
  });

  it('of its slots to a replica ends the connection, and the next one tells another incarnation', async () => {
    const driver = newDriver();
    const call = await connect(driver);
    const [key = '', barrier = ''] = keysOn(0, 'failing', 2);
    await call.store(key, 'v');
    const both = [master(0), fleet.replicas[0] as TestServer];
    // After an earlier try they have changed places.
    const isMaster = async (server: TestServer) => /master/.test(await fleet.tell(server, 'ROLE', /\r\n\*|\r\n:\d/));
    const [owner, heir] = ((await isMaster(master(0))) ? both : both.reverse()) as [TestServer, TestServer];
    await until('the replica has it', async () =>
      (await fleet.tell(owner, `SET ${barrier} 1\r\nWAIT 1 1000`, /:\d\r\n$/)).endsWith(':1\r\n'),
    );
    await fleet.tell(heir, 'CLUSTER FAILOVER TAKEOVER');
    await until('the old connection has ended', () =>
      call.get(key).then(
        () => !call.connection.isOpen,
        () => !call.connection.isOpen,
      ),
    );
    const next = await connect(driver);
    expect(String(await next.get(key))).toBe('v');
    expect(next.connection.incarnation?.id).not.toBe(call.connection.incarnation?.id);
  });
});

describe('kinds of Redis', () => {
  it('are told apart: each driver names the other', async () => {
    const plain = createRedisDriver({ address: master(1) });
    await expect(plain.connect({ signal: signal() })).rejects.toMatchObject({
      reason: 'cluster',
      message: expect.stringContaining('redis+cluster://'),
    });
    const single = await startRedis();
    onTestFinished(() => single.stop());
    const driver = new ClusterDriver({ hosts: [single], clock: systemClock });
    await expect(driver.connect({ signal: signal() })).rejects.toMatchObject({
      reason: 'cluster',
      message: expect.stringContaining('redis://'),
    });
  });

  it('are reached with TLS and a password, asked for at each connect, and not without', async () => {
    const server = guarded.masters[0] as TestServer;
    const tls = { ca: server.certificate?.ca };
    let asked = 0;
    const credentials = async () => ({ password: asked++ >= 0 ? 'secret' : '' });
    const known = { hosts: [server], clock: systemClock };
    const call = await connect(new ClusterDriver({ ...known, tls, credentials }));
    expect(await call.store('k', 'v')).toBe(true);
    expect(String(await call.get('k'))).toBe('v');
    expect(asked).toBe(1);
    const reasonOf = (more: Partial<ConstructorParameters<typeof ClusterDriver>[0]>) =>
      new ClusterDriver({ ...known, ...more }).connect({ signal: signal() }).catch((error) => error.reason);
    expect(await reasonOf({ tls })).toBe('auth');
    expect(await reasonOf({ tls, credentials: { password: 'wrong' } })).toBe('auth');
    expect(await reasonOf({ tls: {}, credentials })).toBe('unreachable');
  });

  it('and a cluster of which nobody answers is unreachable', async () => {
    const gone = await startRedis();
    await gone.stop();
    const driver = new ClusterDriver({ hosts: [gone], clock: systemClock });
    await expect(driver.connect({ signal: signal() })).rejects.toMatchObject({ reason: 'refused' });
  });
});
