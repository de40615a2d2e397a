/**
 * Time to live: kept in steps of the driver's resolution, told, changed and taken away.
 */

import assert from 'node:assert/strict';
import { NO_EXPIRY } from '../../driver/driver.js';
import type { CaseDefinition } from './case-definition.js';
import type { ContractSession } from './contract-session.js';

/** Between a store and the look at it. */
const SLACK_MS = 500;
/** What is to come may come later on a busy machine: nothing is lost by waiting. */
const PATIENCE_MS = 5_000;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Long enough to be seen alive at any resolution: an expiry may come up to one step early. */
function shortTtlMs(session: ContractSession): number {
  return Math.max(SLACK_MS, 2 * session.capabilities.ttlResolutionMs);
}

/**
 * `steps` must end before the time to live that they are given. Where a busy machine took longer for them, what failed
 * proves nothing: they come again with a longer one, which is what returns.
 */
async function withinTtl(session: ContractSession, steps: (ttlMs: number) => Promise<void>): Promise<number> {
  for (let ttlMs = shortTtlMs(session); ; ttlMs *= 4) {
    const beganAt = performance.now();
    try {
      await steps(ttlMs);
      return ttlMs;
    } catch (error) {
      if (performance.now() - beganAt < ttlMs - session.capabilities.ttlResolutionMs) throw error;
    }
  }
}

/** The entry has been seen alive. */
async function expectExpiry(session: ContractSession, read: () => Promise<Buffer | undefined>, ttlMs: number) {
  await session.wait(ttlMs);
  const limitMs = session.capabilities.ttlResolutionMs + PATIENCE_MS;
  await session.until(async () => (await read()) === undefined, limitMs, 'the entry outlives its time');
}

export const expiryCases: readonly CaseDefinition[] = [
  {
    title: 'an entry is there before its time to live has passed, and gone after it',
    run: async (session) => {
      const call = await session.connect();
      await call.store(session.key('l'), 'v');
      const ttlMs = await withinTtl(session, async (ms) => {
        await call.store(session.key('k'), 'v', { ttlMs: ms });
        assert.notEqual(await call.get(session.key('k')), undefined, 'alive at first');
      });
      await expectExpiry(session, () => call.get(session.key('k')), ttlMs);
      assert.equal(await call.store(session.key('k'), 'v', { mode: 'replace' }), false);
      assert.equal(String(await call.get(session.key('l'))), 'v');
    },
  },
  {
    title: 'the shortest time to live is no endless one',
    run: async (session) => {
      const call = await session.connect();
      await call.store(session.key('k'), 'v', { ttlMs: 1 });
      const limitMs = 2 * session.capabilities.ttlResolutionMs + PATIENCE_MS;
      await session.until(async () => (await call.get(session.key('k'))) === undefined, limitMs, 'still there');
    },
  },
  {
    title: 'inspect tells the remaining time to live within the resolution',
    needs: 'compareAndSet',
    run: async (session) => {
      const call = await session.connect();
      const { ttlResolutionMs } = session.capabilities;
      for (const ttlMs of [20_000, 3_600_000, 40 * DAY_MS]) {
        if (ttlMs > session.capabilities.maxTtlMs) continue;
        const storedAt = performance.now();
        await call.store(session.key('k'), 'v', { ttlMs });
        const told = (await call.inspect(session.key('k')))?.ttlMs ?? 0;
        const leastMs = ttlMs - ttlResolutionMs - SLACK_MS - (performance.now() - storedAt);
        assert(told <= ttlMs + ttlResolutionMs && told >= leastMs, `${told} of ${ttlMs}`);
      }
    },
  },
  {
    title: 'times to live beyond 30 days are no dates of the past',
    run: async (session) => {
      const call = await session.connect();
      const ttlMs = Math.min(40 * DAY_MS, session.capabilities.maxTtlMs);
      await call.store(session.key('k'), 'v', { ttlMs });
      await session.wait(session.capabilities.ttlResolutionMs);
      assert.equal(String(await call.get(session.key('k'))), 'v');
      assert.equal(await call.touch(session.key('k'), ttlMs), true);
      assert.equal(String(await call.get(session.key('k'))), 'v');
    },
  },
  {
    title: 'touch tells whether there is an entry, sets its time to live, and keeps the value',
    run: async (session) => {
      const call = await session.connect();
      assert.equal(await call.touch(session.key('k'), SLACK_MS), false);
      assert.equal(await call.get(session.key('k')), undefined);
      const ttlMs = await withinTtl(session, async (ms) => {
        await call.store(session.key('k'), 'v');
        assert.equal(await call.touch(session.key('k'), ms), true);
        assert.equal(String(await call.get(session.key('k'))), 'v');
      });
      await expectExpiry(session, () => call.get(session.key('k')), ttlMs);
    },
  },
  {
    title: 'touch without expiry, and a store without expiry, take the time to live away',
    run: async (session) => {
      const call = await session.connect();
      const ttlMs = await withinTtl(session, async (ms) => {
        for (const name of ['touched', 'stored']) await call.store(session.key(name), 'v', { ttlMs: ms });
        assert.equal(await call.touch(session.key('touched'), NO_EXPIRY), true);
        await call.store(session.key('stored'), 'w');
      });
      await session.wait(ttlMs + session.capabilities.ttlResolutionMs);
      assert.equal(String(await call.get(session.key('touched'))), 'v');
      assert.equal(String(await call.get(session.key('stored'))), 'w');
    },
  },
];
