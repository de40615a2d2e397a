/**
 * Connecting: several connections to one node, and connecting given up.
 */

import assert from 'node:assert/strict';
import { CacheError } from '../../errors.js';
import type { CaseDefinition } from './case-definition.js';
import { failureOf } from './contract-session.js';

const SOCKETS = new Set(['TCPSocketWrap', 'TLSWrap', 'PipeWrap', 'TCPConnectWrap', 'PipeConnectWrap']);
const CLOSE_LIMIT_MS = 2_000;

function openSockets(): number {
  return process.getActiveResourcesInfo().filter((name) => SOCKETS.has(name)).length;
}

export const connectCases: readonly CaseDefinition[] = [
  {
    title: 'the capabilities are what the author says',
    run: async (session) => {
      const { capabilities } = session;
      const lacks = new Set(session.options.lacks);
      for (const ability of ['compareAndSet', 'enumeration', 'raw'] as const) {
        assert.equal(capabilities[ability], !lacks.has(ability), ability);
      }
      assert.equal(capabilities.leases !== undefined, !lacks.has('leases'), 'leases');
      assert(capabilities.ttlResolutionMs >= 1);
      assert(capabilities.maxTtlMs >= 30 * 24 * 60 * 60 * 1000);
    },
  },
  {
    title: 'two connections see what the other has written, and have ids of their own if any',
    run: async (session) => {
      const [first, second] = [await session.connect(), await session.connect()];
      await first.store(session.key('k'), '1');
      assert.equal(String(await second.get(session.key('k'))), '1');
      await second.delete(session.key('k'));
      assert.equal(await first.get(session.key('k')), undefined);
      const { id } = first.connection;
      if (id !== undefined) assert.notEqual(id, second.connection.id);
    },
  },
  {
    title: 'connecting with a signal already aborted rejects with one of our errors',
    run: async (session) => {
      const reason = new CacheError('ERR_CLOSED', 'the node is closing');
      await failureOf(session.subject.driver.connect({ signal: AbortSignal.abort(reason) }));
    },
  },
  {
    title: 'connecting given up at any moment settles, and leaves no socket behind',
    run: async (session) => {
      // What the case before has closed may still be on its way out.
      await session.wait(20);
      const before = openSockets();
      const turns = [0, 1, 2, 3, 5, 8, 13];
      for (const turn of turns) {
        const abort = new AbortController();
        const connecting = session.subject.driver.connect({ signal: abort.signal });
        const outcome = connecting.then(
          (connection) => connection.destroy(new CacheError('ERR_CLOSED', 'too late to be given up')),
          (error: unknown) => assert(error instanceof CacheError, String(error)),
        );
        for (let passed = 0; passed < turn; passed++) await new Promise((resolve) => setImmediate(resolve));
        abort.abort(new CacheError('ERR_CLOSED', 'the node is closing'));
        await outcome;
      }
      await session.until(() => openSockets() <= before, CLOSE_LIMIT_MS, `${openSockets() - before} sockets left`);
    },
  },
  {
    title: 'a connection once open does not care for the signal any more',
    run: async (session) => {
      const abort = new AbortController();
      const connection = await session.subject.driver.connect({ signal: abort.signal });
      abort.abort();
      await session.wait(20);
      assert(connection.isOpen);
      connection.destroy(new CacheError('ERR_CLOSED', 'the case is over'));
    },
  },
  {
    title: 'ensureGone answers for a connection given up, and harms no other',
    run: async (session) => {
      const [gone, live, other] = [await session.connect(), await session.connect(), await session.connect()];
      const { id } = gone.connection;
      const error = new CacheError('ERR_CLOSED', 'given up by the test');
      const settled = gone.store(session.key('k'), 'late').catch((reason: unknown) => reason);
      gone.connection.destroy(error);
      assert.equal(await settled, error);
      if (id === undefined) return;
      const isGone = await live.connection.ensureGone(id);
      assert.equal(typeof isGone, 'boolean');
      await live.store(session.key('k'), 'newer');
      await session.wait(20);
      if (isGone) assert.equal(String(await live.get(session.key('k'))), 'newer');
      assert.equal(String(await other.get(session.key('k'))), String(await live.get(session.key('k'))));
    },
  },
  {
    title: 'a raw command is answered as the protocol has it, in its place among other operations',
    needs: 'raw',
    run: async (session) => {
      const { ping } = session.options;
      assert(ping !== undefined, '`ping` must be given, or `lacks` name raw');
      const call = await session.connect();
      const stored = call.store(session.key('k'), 'v');
      const reply = call.raw(...ping.words);
      const read = call.get(session.key('k'));
      assert.equal(await stored, true);
      assert(ping.isPong(await reply));
      assert.equal(String(await read), 'v');
    },
  },
];
