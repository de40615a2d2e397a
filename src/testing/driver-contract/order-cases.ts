/**
 * Order: operations take effect and are settled in the order sent, each exactly once, never inside `send`.
 */

import assert from 'node:assert/strict';
import type { StoreMode } from '../../driver/driver.js';
import { type Ask, askCount, askDelete, askGet, askStore } from '../promised-connection.js';
import { type Random, seededRandom } from '../seeded-random.js';
import type { CaseDefinition } from './case-definition.js';
import type { ContractSession } from './contract-session.js';
import type { SettlementLog } from './settlement-log.js';

const SETTLE_LIMIT_MS = 10_000;
const OPERATIONS = 1_000;
const MODES: readonly StoreMode[] = ['set', 'set', 'add', 'replace'];

async function settled(session: ContractSession, log: SettlementLog): Promise<void> {
  await session.until(
    () => log.isComplete,
    SETTLE_LIMIT_MS,
    `${log.sent - log.order.length} of ${log.sent} never settled`,
  );
}

/** A step against the model of a node: what is asked, and the answer the model gives. */
function randomStep(
  random: Random,
  model: Map<string, string>,
  key: (name: string) => string,
): [Ask<unknown>, unknown] {
  const name = key(`k${Math.floor(random() * 8)}`);
  const choice = random();
  const present = model.get(name);
  if (choice < 0.45) return [widened(askGet(name)), present];
  if (choice < 0.6) {
    model.delete(name);
    return [widened(askDelete(name)), present !== undefined];
  }
  if (choice < 0.7) {
    const counter = `${name} count`;
    const result = Number(model.get(counter) ?? 0) + 1;
    model.set(counter, String(result));
    return [widened(askCount(counter, 1, { initial: 1 })), result];
  }
  const mode = MODES[Math.floor(random() * MODES.length)] ?? 'set';
  const value = `value ${random()}`;
  const isStored = mode === 'set' || (mode === 'add') === (present === undefined);
  if (isStored) model.set(name, value);
  return [widened(askStore(name, value, { mode })), isStored];
}

function widened<T>(ask: Ask<T>): Ask<unknown> {
  return (resolve, reject) => ask((value) => resolve(Buffer.isBuffer(value) ? value.toString() : value), reject);
}

export const orderCases: readonly CaseDefinition[] = [
  {
    title: `${OPERATIONS} mixed operations in batches of 1 to 50, none awaited, act and settle in the order sent`,
    run: async (session) => {
      const { connection } = await session.connect();
      const random = seededRandom(20);
      const log = session.log(connection);
      const model = new Map<string, string>();
      const expected: unknown[] = [];
      while (expected.length < OPERATIONS) {
        const asks: Ask<unknown>[] = [];
        for (let left = Math.ceil(random() * 50); left > 0; left--) {
          const [ask, answer] = randomStep(random, model, (name) => session.key(name));
          asks.push(ask);
          expected.push(answer);
        }
        log.send(asks);
      }
      assert.equal(connection.owed, log.sent);
      await settled(session, log);
      log.assertClean();
      assert.equal(connection.owed, 0);
      for (const [index, answer] of expected.entries()) assert.equal(log.answerOf(index), answer, `operation ${index}`);
    },
  },
  {
    title: 'gets of one send are answered each for itself, repeated keys and misses among them',
    run: async (session) => {
      const call = await session.connect();
      await call.store(session.key('a'), 'A');
      await call.store(session.key('b'), '');
      const names = ['a', 'missing', 'b', 'a', 'a', 'missing', 'b'];
      const found = await Promise.all(call.sendAll(names.map((name) => askGet(session.key(name)))));
      assert.deepEqual(
        found.map((bytes) => bytes?.toString()),
        ['A', undefined, '', 'A', 'A', undefined, ''],
      );
    },
  },
  {
    title: 'gets between writes of one send see exactly the writes before them',
    run: async (session) => {
      const call = await session.connect();
      const log = session.log(call.connection);
      const key = session.key('k');
      log.send([
        widened(askGet(key)),
        widened(askStore(key, '1')),
        widened(askGet(key)),
        widened(askGet(key)),
        widened(askStore(key, '2')),
        widened(askDelete(key)),
        widened(askGet(key)),
        widened(askStore(key, '3', { mode: 'add' })),
        widened(askGet(key)),
      ]);
      await settled(session, log);
      log.assertClean();
      const answers = log.order.map((index) => log.answerOf(index));
      assert.deepEqual(answers, [undefined, true, '1', '1', true, true, undefined, true, '3']);
    },
  },
  {
    title: 'an operation that is refused leaves its neighbours alone',
    run: async (session) => {
      const call = await session.connect();
      await call.store(session.key('text'), 'text');
      const log = session.log(call.connection);
      for (let round = 0; round < 20; round++) {
        log.send([
          widened(askStore(session.key('k'), `${round}`)),
          widened(askCount(session.key('text'), 1)),
          widened(askGet(session.key('k'))),
        ]);
      }
      await settled(session, log);
      log.assertClean();
      for (let round = 0; round < 20; round++) {
        log.failureOf(3 * round + 1);
        assert.equal(log.answerOf(3 * round + 2), `${round}`);
      }
      assert(call.connection.isOpen);
    },
  },
  {
    title: 'what a callback sends is not settled inside that send, and comes after what was sent before',
    run: async (session) => {
      const { connection } = await session.connect();
      const log = session.log(connection);
      const ask = widened(askGet(session.key('k')));
      let sendsLeft = 100;
      const sendMore = () => {
        if (sendsLeft-- > 0) log.send([ask], sendMore);
      };
      log.send([ask, ask, ask], sendMore);
      await session.until(() => sendsLeft <= 0 && log.isComplete, SETTLE_LIMIT_MS, 'not all settled');
      log.assertClean();
    },
  },
  {
    title: 'bytes of a hit are right for each of many values that arrive together',
    run: async (session) => {
      const call = await session.connect();
      const key = (index: number) => session.key(`k${index}`);
      const values = Array.from({ length: 300 }, (_, index) => `value ${index} `.repeat(1 + ((index * 37) % 90)));
      await Promise.all(call.sendAll(values.map((value, index) => askStore(key(index), value))));
      const found = await Promise.all(call.sendAll(values.map((_, index) => askGet(key(index)))));
      assert.deepEqual(
        found.map((bytes) => bytes?.toString()),
        values,
      );
    },
  },
];
