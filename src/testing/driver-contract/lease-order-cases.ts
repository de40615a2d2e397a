/**
 * A lease is in nobody's way: to every operation but `lease` itself, the key is missing.
 */

import assert from 'node:assert/strict';
import {
  type Ask,
  askCount,
  askDelete,
  askGet,
  askInspect,
  askLease,
  askStore,
  askTouch,
} from '../promised-connection.js';
import { type Random, seededRandom } from '../seeded-random.js';
import type { CaseDefinition } from './case-definition.js';
import type { ContractSession } from './contract-session.js';
import type { SettlementLog } from './settlement-log.js';

const ROUNDS = 40;
const SETTLE_LIMIT_MS = 5_000;

function textual<T>(ask: Ask<T>): Ask<unknown> {
  return (resolve, reject) => ask((value) => resolve(Buffer.isBuffer(value) ? value.toString() : value), reject);
}

async function settled(session: ContractSession, log: SettlementLog): Promise<void> {
  await session.until(() => log.isComplete, SETTLE_LIMIT_MS, 'never settled');
  log.assertClean();
}

/** What a caller may do to a key without a standing value, what it answers, and what it leaves. */
const ON_MISSING: readonly (readonly [(key: string) => Ask<unknown>, unknown, string | undefined])[] = [
  [(key) => askGet(key), undefined, undefined],
  [(key) => askTouch(key, 1_000_000), false, undefined],
  [(key) => askStore(key, 'v', { mode: 'replace' }), false, undefined],
  [(key) => askStore(key, 'v', { mode: 'add' }), true, 'v'],
  [(key) => askStore(key, 'v', { mode: 'set' }), true, 'v'],
  [(key) => askStore(key, 'v', { mode: 'compare', token: '1' }), false, undefined],
  [(key) => askCount(key, 1), undefined, undefined],
  [(key) => askCount(key, -1), undefined, undefined],
  [(key) => askCount(key, 5, { initial: 10 }), 10, '10'],
  [(key) => askCount(key, -5, { initial: 100, ttlMs: 1_000_000 }), 100, '100'],
  [(key) => askInspect(key, true), undefined, undefined],
];

/** One step of a caller, and the answer where leases are nothing. */
function randomStep(random: Random, model: Map<string, string>, key: string): [Ask<unknown>, unknown] {
  const present = model.get(key);
  const choice = random();
  if (choice < 0.3) return [textual(askGet(key)), present];
  if (choice < 0.4) return [askTouch(key, 1_000_000), present !== undefined];
  if (choice < 0.6) {
    const delta = random() < 0.5 ? 1 : -5;
    const next = present === undefined ? 9 : Math.max(0, Number(present) + delta);
    model.set(key, String(next));
    return [askCount(key, delta, { initial: 9 }), next];
  }
  const mode = choice < 0.8 ? 'add' : 'replace';
  const isStored = (mode === 'add') === (present === undefined);
  const value = String(Math.floor(random() * 1_000));
  if (isStored) model.set(key, value);
  return [askStore(key, value, { mode }), isStored];
}

export const leaseOrderCases: readonly CaseDefinition[] = [
  {
    title: 'an unused lease changes no answer and no effect, of operations alone and together',
    needs: 'leases',
    run: async (session) => {
      const [one, other] = [await session.connect(), await session.connect()];
      const cases = ON_MISSING.filter((_, i) => i < 10 || session.capabilities.compareAndSet);
      for (const together of [false, true]) {
        const keyOf = (i: number): string => session.key(`${together}:${i}`);
        for (const i of cases.keys()) assert.notEqual(typeof (await other.lease(keyOf(i))), 'string');
        const asks = cases.map(([ask], i) => textual(ask(keyOf(i))));
        const answers = together ? await Promise.all(one.sendAll(asks)) : [];
        if (!together) for (const ask of asks) answers.push(await one.send(ask));
        for (const [i, [, answer, left]] of cases.entries()) {
          assert.equal(answers[i], answer, `operation ${i}`);
          assert.equal((await other.get(keyOf(i)))?.toString(), left, `left by operation ${i}`);
          assert.equal((await one.get(keyOf(i)))?.toString(), left, `left by operation ${i}`);
        }
      }
    },
  },
  {
    title: 'an entry written over a lease lives as long as it should',
    needs: 'leases',
    run: async (session) => {
      const [one, other] = [await session.connect(), await session.connect()];
      const asks: Ask<unknown>[] = [];
      for (const name of ['set', 'add'] as const) {
        await other.lease(session.key(name));
        asks.push(askStore(session.key(name), 'v', { mode: name, ttlMs: 900_000 }));
      }
      await other.lease(session.key('count'));
      asks.push(askCount(session.key('count'), 1, { initial: 1, ttlMs: 900_000 }));
      await Promise.all(one.sendAll(asks));
      for (const name of ['set', 'add', 'count']) {
        if (!session.capabilities.compareAndSet) assert.notEqual(await one.get(session.key(name)), undefined);
        else assert(((await one.inspect(session.key(name)))?.ttlMs ?? 0) > 800_000, name);
      }
    },
  },
  {
    title: `${ROUNDS} batches on leased keys, none awaited, act and settle in the order sent`,
    needs: 'leases',
    run: async (session) => {
      const { connection } = await session.connect();
      const other = await session.connect();
      const random = seededRandom(7);
      for (let round = 0; round < ROUNDS; round++) {
        const keys = Array.from({ length: 4 }, (_, i) => session.key(`${round}:${i}`));
        await Promise.all(other.sendAll(keys.map((key) => askLease(key))));
        const log = session.log(connection);
        const model = new Map<string, string>();
        const expected: unknown[] = [];
        for (let batches = 1 + Math.floor(random() * 3); batches > 0; batches--) {
          const asks: Ask<unknown>[] = [];
          for (let left = Math.ceil(random() * 12); left > 0; left--) {
            const [ask, answer] = randomStep(random, model, keys[Math.floor(random() * keys.length)] ?? '');
            asks.push(ask);
            expected.push(answer);
          }
          log.send(asks);
        }
        await settled(session, log);
        for (const [i, answer] of expected.entries()) assert.equal(log.answerOf(i), answer, `${round}: operation ${i}`);
        for (const key of keys) assert.equal((await other.get(key))?.toString(), model.get(key), key);
      }
    },
  },
  {
    title: 'what is deleted or set behind an add or a count on a leased key stays deleted or set',
    needs: 'leases',
    run: async (session) => {
      const [one, other] = [await session.connect(), await session.connect()];
      const first: readonly ((key: string) => Ask<unknown>)[] = [
        (key) => askStore(key, 'old', { mode: 'add' }),
        (key) => askCount(key, 1, { initial: 1 }),
      ];
      for (const [i, begin] of first.entries()) {
        const [gone, kept] = [session.key(`gone${i}`), session.key(`kept${i}`)];
        await Promise.all(other.sendAll([askLease(gone), askLease(kept)]));
        const log = session.log(one.connection);
        log.send([begin(gone), askDelete(gone), begin(kept), askStore(kept, '77'), askGet(kept)].map(textual));
        await settled(session, log);
        assert.equal(await other.get(gone), undefined);
        assert.notEqual(log.answerOf(0), false, 'it was there before it was deleted');
        assert.equal(String(await other.get(kept)), i === 0 ? '77' : String(log.answerOf(4)));
        assert.equal(log.answerOf(4), '77');
      }
    },
  },
];
