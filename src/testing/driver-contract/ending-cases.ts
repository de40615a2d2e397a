/**
 * Endings: a connection given up or lost settles all it owes, once, and says so once.
 */

import assert from 'node:assert/strict';
import { CacheError, faultOf } from '../../errors.js';
import { askGet, askStore } from '../promised-connection.js';
import type { CaseDefinition } from './case-definition.js';

const SETTLE_LIMIT_MS = 5_000;

export const endingCases: readonly CaseDefinition[] = [
  {
    title: 'owed, bytesRead and isOpen tell how a connection stands',
    run: async (session) => {
      const call = await session.connect();
      const { connection } = call;
      assert(connection.isOpen);
      assert.equal(connection.owed, 0);
      const before = connection.bytesRead;
      const stored = call.sendAll([askStore(session.key('a'), 'v'.repeat(5_000)), askStore(session.key('b'), 'v')]);
      assert.equal(connection.owed, 2);
      await Promise.all(stored);
      assert.equal(connection.owed, 0);
      await call.get(session.key('a'));
      assert(connection.bytesRead >= before + 5_000, `${connection.bytesRead - before} bytes read`);
    },
  },
  {
    title: 'onProgress comes after what an input settled, and no more often than something was settled',
    run: async (session) => {
      const { connection } = await session.connect();
      const log = session.log(connection);
      const settledAtCalls = [0];
      connection.onProgress = () => settledAtCalls.push(log.order.length);
      for (let round = 0; round < 20; round++) {
        log.send(Array.from({ length: 10 }, (_, index) => askGet(session.key(`${index}`))));
      }
      await session.until(() => settledAtCalls.at(-1) === 200, SETTLE_LIMIT_MS, 'progress not told');
      assert.equal(new Set(settledAtCalls).size, settledAtCalls.length, 'called though nothing was settled');
    },
  },
  {
    title: 'destroy fails all that is owed with its error before it returns, in order, and is not told by onClose',
    run: async (session) => {
      const { connection } = await session.connect();
      const closed: unknown[] = [];
      connection.onClose = (error) => closed.push(error);
      const log = session.log(connection);
      log.send(Array.from({ length: 50 }, (_, index) => askGet(session.key(`${index}`))));
      log.send([askStore(session.key('k'), 'v'.repeat(100_000)), askStore(session.key('k'), 'w')]);
      const error = new CacheError('ERR_CLOSED', 'given up by the test');
      connection.destroy(error);
      assert(!connection.isOpen);
      assert.equal(connection.owed, 0);
      log.assertClean();
      for (const index of log.order) assert.equal(log.failureOf(index), error);
      connection.destroy(new CacheError('ERR_CLOSED', 'once more'));
      await session.wait(50);
      log.assertClean();
      assert.deepEqual(closed, []);
    },
  },
  {
    title: 'destroy from within a callback settles the rest once',
    run: async (session) => {
      const { connection } = await session.connect();
      const log = session.log(connection);
      const error = new CacheError('ERR_CLOSED', 'given up by the test');
      const asks = Array.from({ length: 20 }, (_, index) => askGet(session.key(`${index}`)));
      log.send(asks, () => {
        if (log.order.length === 5) connection.destroy(error);
      });
      await session.until(() => log.isComplete, SETTLE_LIMIT_MS, 'not all settled');
      await session.wait(20);
      assert.equal(log.order.length, 20);
      assert.equal(new Set(log.order).size, 20);
      log.assertClean();
      for (const index of log.order.slice(0, 5)) assert.equal(log.answerOf(index), undefined);
      for (const index of log.order.slice(5)) assert.equal(log.failureOf(index), error);
    },
  },
  {
    title: 'what is sent over a closed connection fails, but not inside send',
    run: async (session) => {
      const { connection } = await session.connect();
      connection.destroy(new CacheError('ERR_CLOSED', 'given up by the test'));
      const log = session.log(connection);
      log.send([askGet(session.key('a')), askStore(session.key('b'), 'v')]);
      assert.deepEqual(log.order, []);
      await session.until(() => log.isComplete, SETTLE_LIMIT_MS, 'not settled');
      log.assertClean();
      for (const index of log.order) assert(log.failureOf(index) instanceof CacheError);
      assert.equal(connection.owed, 0);
    },
  },
  {
    title: 'destroying one connection leaves the others alone',
    run: async (session) => {
      const [first, second] = [await session.connect(), await session.connect()];
      const stored = second.store(session.key('k'), 'v');
      first.connection.destroy(new CacheError('ERR_CLOSED', 'given up by the test'));
      assert.equal(await stored, true);
      assert.equal(String(await second.get(session.key('k'))), 'v');
    },
  },
  {
    title: 'a connection that the node ends fails what it owes as a fault of the link, then tells onClose once',
    needs: 'restart',
    run: async (session) => {
      const { connection } = await session.connect();
      const log = session.log(connection);
      const closed: CacheError[] = [];
      let owedAtClose = -1;
      connection.onClose = (error) => {
        closed.push(error);
        owedAtClose = log.sent - log.order.length;
      };
      const restarted = session.restart();
      // Some are answered, some are cut off, some come too late: all are settled.
      await session.until(
        () => {
          log.send([askGet(session.key('k')), askStore(session.key('k'), 'v')]);
          return !connection.isOpen;
        },
        SETTLE_LIMIT_MS,
        'the connection outlives its node',
      );
      await restarted;
      await session.until(() => log.isComplete && closed.length > 0, SETTLE_LIMIT_MS, 'not all settled');
      await session.wait(20);
      log.assertClean();
      assert.equal(closed.length, 1);
      assert.equal(owedAtClose, 0, 'still owed when told');
      for (const index of log.order) {
        const outcome = log.outcomeOf(index);
        if (outcome.kind === 'failure') assert.equal(faultOf(outcome.error), 'link', String(outcome.error));
      }
      assert.equal(await (await session.connect()).get(session.key('k')), undefined);
    },
  },
];
