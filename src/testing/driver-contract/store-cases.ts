/**
 * Conditional stores, tokens, deletes.
 */

import assert from 'node:assert/strict';
import { NO_EXPIRY } from '../../driver/driver.js';
import type { CaseDefinition } from './case-definition.js';

export const storeCases: readonly CaseDefinition[] = [
  {
    title: 'set stores whether or not there is an entry',
    run: async (session) => {
      const call = await session.connect();
      assert.equal(await call.store(session.key('k'), '1'), true);
      assert.equal(await call.store(session.key('k'), '2'), true);
      assert.equal(String(await call.get(session.key('k'))), '2');
    },
  },
  {
    title: 'add stores only where there is no entry',
    run: async (session) => {
      const call = await session.connect();
      assert.equal(await call.store(session.key('k'), '1', { mode: 'add' }), true);
      assert.equal(await call.store(session.key('k'), '2', { mode: 'add' }), false);
      assert.equal(String(await call.get(session.key('k'))), '1');
      await call.delete(session.key('k'));
      assert.equal(await call.store(session.key('k'), '', { mode: 'add' }), true);
      assert.equal(await call.store(session.key('k'), '3', { mode: 'add' }), false, 'an empty value is an entry');
    },
  },
  {
    title: 'replace stores only where there is an entry',
    run: async (session) => {
      const call = await session.connect();
      assert.equal(await call.store(session.key('k'), '1', { mode: 'replace' }), false);
      assert.equal(await call.get(session.key('k')), undefined);
      await call.store(session.key('k'), '2');
      assert.equal(await call.store(session.key('k'), '3', { mode: 'replace' }), true);
      assert.equal(String(await call.get(session.key('k'))), '3');
    },
  },
  {
    title: 'delete tells whether there was an entry',
    run: async (session) => {
      const call = await session.connect();
      await call.store(session.key('k'), 'v');
      assert.equal(await call.delete(session.key('k')), true);
      assert.equal(await call.get(session.key('k')), undefined);
      assert.equal(await call.delete(session.key('k')), false);
    },
  },
  {
    title: 'inspect tells the value if asked for it, no expiry, and misses as get does',
    needs: 'compareAndSet',
    run: async (session) => {
      const call = await session.connect();
      assert.equal(await call.inspect(session.key('k')), undefined);
      await call.store(session.key('k'), 'value');
      const full = await call.inspect(session.key('k'), true);
      assert.equal(full?.bytes.toString(), 'value');
      assert.equal(full.ttlMs, NO_EXPIRY);
      const bare = await call.inspect(session.key('k'), false);
      assert.equal(bare?.bytes.length, 0);
      assert.equal(bare.token, full.token, 'reading does not change the token');
    },
  },
  {
    title: 'the token changes with every write of the key, of the same bytes too',
    needs: 'compareAndSet',
    run: async (session) => {
      const call = await session.connect();
      const key = session.key('k');
      const tokens: (string | undefined)[] = [];
      const note = async () => tokens.push((await call.inspect(key))?.token);
      for (const value of ['1', '2', '3']) {
        await call.store(key, value);
        await note();
      }
      await call.count(key, 1);
      await note();
      await call.store(key, 'other', { mode: 'replace' });
      await note();
      assert(!tokens.includes(undefined));
      assert.equal(new Set(tokens).size, tokens.length);
    },
  },
  {
    title: 'compare stores while the token matches, and only then',
    needs: 'compareAndSet',
    run: async (session) => {
      const call = await session.connect();
      const key = session.key('k');
      await call.store(key, '1');
      const token = (await call.inspect(key))?.token ?? '';
      assert.equal(await call.store(key, '2', { mode: 'compare', token }), true);
      assert.equal(await call.store(key, '3', { mode: 'compare', token }), false, 'the token is spent');
      assert.equal(String(await call.get(key)), '2');
      const stale = (await call.inspect(key))?.token ?? '';
      await (await session.connect()).store(key, 'by another');
      assert.equal(await call.store(key, '4', { mode: 'compare', token: stale }), false);
      assert.equal(String(await call.get(key)), 'by another');
    },
  },
  {
    title: 'compare does not store where the entry is gone',
    needs: 'compareAndSet',
    run: async (session) => {
      const call = await session.connect();
      const key = session.key('k');
      await call.store(key, '1');
      const token = (await call.inspect(key))?.token ?? '';
      await call.delete(key);
      assert.equal(await call.store(key, '2', { mode: 'compare', token }), false);
      assert.equal(await call.get(key), undefined);
    },
  },
];
