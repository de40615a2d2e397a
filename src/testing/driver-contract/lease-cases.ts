/**
 * Leases: a copy lands only if nobody has touched the key since the lease was granted, and a lease is in nobody's way.
 */

import assert from 'node:assert/strict';
import { MAX_LEASE_MS, NO_EXPIRY } from '../../driver/driver.js';
import type { PromisedConnection, StoreChoice } from '../promised-connection.js';
import type { CaseDefinition } from './case-definition.js';
import type { ContractSession } from './contract-session.js';

/** What is to come may come later on a busy machine: nothing is lost by waiting. */
const PATIENCE_MS = 3_000;
/** Gone soon at any resolution, mostly while a lease still stands. */
const SHORT_MS = 100;

/** The token of a lease that must be granted. */
async function granted(call: PromisedConnection, key: string): Promise<string> {
  const lease = await call.lease(key);
  assert(typeof lease !== 'string', `the lease is ${String(lease)}`);
  return lease.token;
}

const leased = (token: string, ttlMs = NO_EXPIRY): StoreChoice => ({ mode: 'leased', token, ttlMs });

/** `steps` must end while a lease granted at their beginning stands; on another key, where a busy machine took longer. */
async function whileLeased(session: ContractSession, steps: (key: string) => Promise<void>): Promise<void> {
  for (let i = 0; ; i++) {
    const beganAt = performance.now();
    try {
      await steps(session.key(`leased${i}`));
      return;
    } catch (error) {
      // A minute is too long for any machine.
      if (i === 20 || performance.now() - beganAt < MAX_LEASE_MS - session.capabilities.ttlResolutionMs) throw error;
    }
  }
}

/** What ends a lease on a key, done by somebody else. */
type End = (other: PromisedConnection, key: string, session: ContractSession) => Promise<unknown>;

const ENDS: Readonly<Record<string, End>> = {
  'a delete of nothing': (other, key) => other.delete(key),
  'a set': (other, key) => other.store(key, 'theirs'),
  'an add': (other, key) => other.store(key, 'theirs', { mode: 'add' }),
  'a set and a delete': async (other, key) => {
    await other.store(key, 'theirs');
    await other.delete(key);
  },
  'a set and a replace': async (other, key) => {
    await other.store(key, 'theirs');
    await other.store(key, 'newer', { mode: 'replace' });
  },
  'a new counter': (other, key) => other.count(key, 1, { initial: 7 }),
  'another copy': async (other, key) => {
    await other.delete(key);
    await other.store(key, 'theirs', leased(await granted(other, key)));
  },
};

const EXPIRING: Readonly<Record<string, End>> = {
  'a set': (other, key) => other.store(key, 'theirs', { ttlMs: SHORT_MS }),
  'an add': (other, key) => other.store(key, 'theirs', { mode: 'add', ttlMs: SHORT_MS }),
  'a replace': async (other, key) => {
    await other.store(key, 'theirs');
    await other.store(key, 'newer', { mode: 'replace', ttlMs: SHORT_MS });
  },
  'a new counter': (other, key) => other.count(key, 1, { initial: 7, ttlMs: SHORT_MS }),
  'a touch': async (other, key) => {
    await other.store(key, 'theirs');
    await other.touch(key, SHORT_MS);
  },
};

export const leaseCases: readonly CaseDefinition[] = [
  {
    title: 'a lease is granted where there is no entry, and to one at a time',
    needs: 'leases',
    run: async (session) => {
      const [one, other] = [await session.connect(), await session.connect()];
      await one.store(session.key('there'), 'v');
      assert.equal(await other.lease(session.key('there')), 'present');
      await one.store(session.key('empty'), '');
      assert.equal(await other.lease(session.key('empty')), 'present', 'an empty value is an entry');
      await whileLeased(session, async (key) => {
        await granted(one, key);
        assert.equal(await other.lease(key), 'held');
        assert.equal(await one.lease(key), 'held', 'of its own too');
      });
    },
  },
  {
    title: 'a leased store lands while the lease stands, once, with its time to live',
    needs: 'leases',
    run: async (session) => {
      const [one, other] = [await session.connect(), await session.connect()];
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
      await whileLeased(session, async (key) => {
        const token = await granted(one, key);
        assert.equal(await other.store(key, 'copy', leased(token, 500_000)), true, 'by way of another connection');
        assert.equal(String(await one.get(key)), 'copy');
        assert.equal(await one.store(key, 'again', leased(token)), false, 'the entry is there');
        await one.delete(key);
        assert.equal(await one.store(key, 'again', leased(token)), false, 'the lease is spent');
        assert.equal(await one.store(key, bytes, leased(await granted(one, key), 500_000)), true);
        assert.deepEqual(await one.get(key), bytes);
        if (!session.capabilities.compareAndSet) return;
        const left = (await one.inspect(key))?.ttlMs ?? 0;
        assert(left > 490_000 && left <= 500_000 + session.capabilities.ttlResolutionMs, `${left} ms`);
      });
    },
  },
  ...Object.entries(ENDS).map(([what, end]) => ({
    title: `${what} by anybody ends a lease: the copy does not land`,
    needs: 'leases' as const,
    run: async (session: ContractSession) => {
      const [one, other] = [await session.connect(), await session.connect()];
      const key = session.key('k');
      const token = await granted(one, key);
      await end(other, key, session);
      const before = await other.get(key);
      assert.equal(await one.store(key, 'copy', leased(token)), false);
      assert.deepEqual(await other.get(key), before);
      await other.delete(key);
      assert.equal(await one.store(key, 'copy', leased(token)), false, 'nor later');
      assert.equal(await other.get(key), undefined);
    },
  })),
  ...Object.entries(EXPIRING).map(([what, end]) => ({
    title: `${what} by anybody ends a lease though its entry has expired`,
    needs: 'leases' as const,
    run: async (session: ContractSession) => {
      const [one, other] = [await session.connect(), await session.connect()];
      const key = session.key('k');
      const token = await granted(one, key);
      await end(other, key, session);
      const limitMs = SHORT_MS + 2 * session.capabilities.ttlResolutionMs + PATIENCE_MS;
      await session.until(async () => (await other.get(key)) === undefined, limitMs, 'the entry outlives its time');
      assert.equal(await one.store(key, 'copy', leased(token)), false);
      assert.equal(await other.get(key), undefined);
    },
  })),
  {
    title: 'a lease ends by itself, and another is granted',
    needs: 'leases',
    run: async (session) => {
      const call = await session.connect();
      const key = session.key('k');
      const token = await granted(call, key);
      await session.wait(MAX_LEASE_MS);
      let next = await call.lease(key);
      await session.until(
        async () => next !== 'held' || (next = await call.lease(key)) !== 'held',
        session.capabilities.ttlResolutionMs + PATIENCE_MS,
        'it is held for ever',
      );
      assert(typeof next !== 'string');
      assert.equal(await call.store(key, 'copy', leased(token)), false);
      assert.equal(await call.store(key, 'copy', leased(next.token)), true);
    },
  },
  {
    title: 'a token of another key, another lease or nobody opens nothing',
    needs: 'leases',
    run: async (session) => {
      const call = await session.connect();
      const other = await granted(call, session.key('other'));
      const old = await granted(call, session.key('k'));
      await call.delete(session.key('k'));
      await granted(call, session.key('k'));
      for (const token of [other, old, '', '0', '1', 'x', '1\r\n', `${old}x`]) {
        assert.equal(await call.store(session.key('k'), 'copy', leased(token)), false, JSON.stringify(token));
        assert.equal(await call.store(session.key('free'), 'copy', leased(token)), false, JSON.stringify(token));
      }
      assert.equal(await call.get(session.key('k')), undefined);
      assert.equal(await call.get(session.key('free')), undefined);
    },
  },
  {
    title: 'a lease of before a restart opens nothing',
    needs: 'leases',
    run: async (session) => {
      if (session.options.lacks?.includes('restart')) return;
      const key = session.key('k');
      const token = await granted(await session.connect(), key);
      await session.restart();
      const call = await session.connect();
      // Counts of versions begin again: one of these new entries may have the one that the lease had.
      for (let i = 0; i < 20; i++) {
        assert.equal(await call.store(key, 'copy', leased(token)), false);
        await call.store(key, `newer ${i}`);
      }
      assert.equal(String(await call.get(key)), 'newer 19');
    },
  },
  {
    title: 'whoever deletes each key that keys tells ends all leases among them',
    needs: 'leases',
    run: async (session) => {
      if (!session.capabilities.enumeration) return;
      const [one, other] = [await session.connect(), await session.connect()];
      const names = ['a', 'b', 'c'].map((name) => session.key(name));
      const tokens: string[] = [];
      for (const key of names) tokens.push(await granted(one, key));
      await one.store(session.key('d'), 'v');
      const told = new Set<string>();
      for await (const keys of other.connection.keys(session.prefix)) for (const key of keys) told.add(key);
      for (const key of told) assert([...names, session.key('d')].includes(key), `${key} is no key of anybody`);
      for (const key of told) await other.delete(key);
      for (const [i, key] of names.entries())
        assert.equal(await one.store(key, 'copy', leased(tokens[i] ?? '')), false);
    },
  },
];
