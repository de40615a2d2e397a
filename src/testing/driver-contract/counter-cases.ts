/**
 * Counters: bare digits from 0 to 2^53 − 1, exact at both ends on every driver.
 */

import assert from 'node:assert/strict';
import { NO_EXPIRY } from '../../driver/driver.js';
import { NodeError, type NodeErrorReason } from '../../errors.js';
import { askCount } from '../promised-connection.js';
import type { CaseDefinition } from './case-definition.js';
import { failureOf } from './contract-session.js';

const LARGEST = Number.MAX_SAFE_INTEGER;
const NO_COUNTERS = ['', 'abc', '12a', '-1', '1.5', '0x10', 'Infinity'];

async function assertFails(outcome: Promise<unknown>, reason: NodeErrorReason, message: string): Promise<void> {
  const error = await failureOf(outcome);
  assert(error instanceof NodeError && error.reason === reason, `${message}: ${String(error)}`);
}

export const counterCases: readonly CaseDefinition[] = [
  {
    title: 'a missing counter without initial is undefined, and stays missing',
    run: async (session) => {
      const call = await session.connect();
      assert.equal(await call.count(session.key('k'), 1), undefined);
      assert.equal(await call.count(session.key('k'), -1), undefined);
      assert.equal(await call.get(session.key('k')), undefined);
    },
  },
  {
    title: 'a missing counter starts at initial, the delta not applied',
    run: async (session) => {
      const call = await session.connect();
      assert.equal(await call.count(session.key('k'), 5, { initial: 10 }), 10);
      assert.equal(await call.count(session.key('k'), 5, { initial: 10 }), 15);
      assert.equal(await call.count(session.key('down'), -5, { initial: 3 }), 3);
      assert.equal(await call.count(session.key('zero'), 1, { initial: 0 }), 0);
      assert.equal(String(await call.get(session.key('k'))), '15');
      assert.equal(String(await call.get(session.key('zero'))), '0');
    },
  },
  {
    title: 'a counter created keeps the time to live given, and counting does not change it',
    needs: 'compareAndSet',
    run: async (session) => {
      const call = await session.connect();
      const remaining = async (name: string) => (await call.inspect(session.key(name), false))?.ttlMs ?? -1;
      await call.count(session.key('k'), 1, { initial: 1, ttlMs: 100_000 });
      await call.count(session.key('k'), 1, { initial: 1, ttlMs: 900_000 });
      await call.count(session.key('k'), 1);
      const left = await remaining('k');
      assert(left > 90_000 && left <= 101_000, `${left} ms`);
      await call.count(session.key('endless'), 1, { initial: 1 });
      await call.count(session.key('endless'), 1, { initial: 1, ttlMs: 900_000 });
      assert.equal(await remaining('endless'), NO_EXPIRY);
    },
  },
  {
    title: 'a result below 0 becomes 0',
    run: async (session) => {
      const call = await session.connect();
      await call.store(session.key('k'), '5');
      assert.equal(await call.count(session.key('k'), -3), 2);
      assert.equal(await call.count(session.key('k'), -3), 0);
      assert.equal(await call.count(session.key('k'), -LARGEST), 0);
      assert.equal(await call.count(session.key('k'), 1), 1);
      assert.equal(String(await call.get(session.key('k'))), '1');
    },
  },
  {
    title: 'a counter that loses a digit reads as bare digits',
    run: async (session) => {
      const call = await session.connect();
      for (const [from, delta, to] of [
        ['100', -1, '99'],
        ['1000', -999, '1'],
        ['12345', -12345, '0'],
      ] as const) {
        await call.store(session.key('k'), from);
        assert.equal(await call.count(session.key('k'), delta), Number(to));
        assert.equal(String(await call.get(session.key('k'))), to);
        assert.equal(await call.count(session.key('k'), 0), Number(to));
      }
    },
  },
  {
    title: 'an entry that is no counter fails with wrong-type and keeps its value',
    run: async (session) => {
      const call = await session.connect();
      for (const text of NO_COUNTERS) {
        await call.store(session.key('k'), text);
        for (const delta of [1, -1]) {
          await assertFails(call.count(session.key('k'), delta, { initial: 1 }), 'wrong-type', `'${text}' ${delta}`);
        }
        assert.equal(String(await call.get(session.key('k'))), text);
      }
    },
  },
  {
    title: 'counters are exact up to 2^53 - 1; a result above fails with rejected and changes nothing',
    run: async (session) => {
      const call = await session.connect();
      const key = session.key('k');
      assert.equal(await call.count(key, 1, { initial: LARGEST - 2 }), LARGEST - 2);
      assert.equal(await call.count(key, 1), LARGEST - 1);
      assert.equal(await call.count(key, 1), LARGEST);
      for (const delta of [1, 2, LARGEST]) await assertFails(call.count(key, delta), 'rejected', `+${delta}`);
      assert.equal(String(await call.get(key)), String(LARGEST));
      assert.equal(await call.count(key, -(LARGEST - 1)), 1);
      assert.equal(await call.count(key, LARGEST - 1), LARGEST);
    },
  },
  {
    title: 'counts sent together are all applied, in order',
    run: async (session) => {
      const call = await session.connect();
      const asks = Array.from({ length: 300 }, () => askCount(session.key('k'), 1, { initial: 1 }));
      const results = await Promise.all(call.sendAll(asks));
      assert.deepEqual(
        results,
        asks.map((_, index) => index + 1),
      );
    },
  },
];
