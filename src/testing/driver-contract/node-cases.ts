/**
 * What a connection can tell of its node: its keys, and which life of its data it is.
 */

import assert from 'node:assert/strict';
import { askStore, type PromisedConnection } from '../promised-connection.js';
import type { CaseDefinition } from './case-definition.js';

const KEYS = 1_500;

async function keysOf({ connection }: PromisedConnection, prefix: string): Promise<Set<string>> {
  const found = new Set<string>();
  for await (const keys of connection.keys(prefix)) for (const key of keys) found.add(key);
  return found;
}

export const nodeCases: readonly CaseDefinition[] = [
  {
    title: `keys lists each of ${KEYS} keys that begin with the prefix, and no other`,
    needs: 'enumeration',
    run: async (session) => {
      const call = await session.connect();
      const wanted = Array.from({ length: KEYS }, (_, index) => session.key(`in:${index}`));
      const others = ['in', 'out:1', 'In:1', 'xin:1'].map((name) => session.key(name));
      await Promise.all(call.sendAll([...wanted, ...others].map((key) => askStore(key, 'v'))));
      const found = await keysOf(call, session.key('in:'));
      assert.deepEqual([...found].sort(), wanted.sort());
      assert.equal((await keysOf(call, session.prefix)).size, KEYS + others.length);
      assert.equal((await keysOf(call, session.key('nothing'))).size, 0);
    },
  },
  {
    title: 'keys takes its prefix literally, and lists strange keys as they are',
    needs: 'enumeration',
    run: async (session) => {
      const call = await session.connect();
      const names = ['a*b', 'a?b', 'a[x]b', 'a\\b', 'a b', 'a\r\nb', 'a%20b', 'aéb', 'a🦊b', 'a__proto__b'];
      for (const name of [...names, 'axb', 'axxb']) await call.store(session.key(name), 'v');
      for (const name of names) {
        const key = session.key(name);
        assert.deepEqual([...(await keysOf(call, key))], [key], JSON.stringify(name));
      }
    },
  },
  {
    title: 'keys can be abandoned half-way, and the connection serves on',
    needs: 'enumeration',
    run: async (session) => {
      const call = await session.connect();
      const asks = Array.from({ length: KEYS }, (_, index) => askStore(session.key(`${index}`), 'v'));
      await Promise.all(call.sendAll(asks));
      for await (const keys of call.connection.keys(session.prefix)) if (keys.length > 0) break;
      assert.equal(String(await call.get(session.key('0'))), 'v');
    },
  },
  {
    title: 'all connections to one life of a node tell the same incarnation, not empty once it holds an entry',
    needs: 'incarnation',
    run: async (session) => {
      const first = await session.connect();
      await first.store(session.key('k'), 'v');
      const second = await session.connect();
      const { incarnation } = first.connection;
      assert(incarnation !== undefined, 'the incarnation is not told');
      assert.equal(second.connection.incarnation?.id, incarnation.id);
      assert.equal(second.connection.incarnation.isEmpty, false);
    },
  },
  {
    title: 'a restart without data is another incarnation, empty until something is stored',
    needs: 'restart',
    run: async (session) => {
      const before = await session.connect();
      await before.store(session.key('k'), 'v');
      await session.restart();
      const after = await session.connect();
      assert.equal(await after.get(session.key('k')), undefined);
      if (session.options.lacks?.includes('incarnation')) return;
      assert.notEqual(after.connection.incarnation?.id, before.connection.incarnation?.id);
      assert.equal(after.connection.incarnation?.isEmpty, true);
      await after.store(session.key('k'), 'v');
      assert.equal((await session.connect()).connection.incarnation?.isEmpty, false);
    },
  },
];
