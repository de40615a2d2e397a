/**
 * Keys: every legal key is its own entry, and nothing in a key is ever taken for protocol.
 */

import assert from 'node:assert/strict';
import { askGet, askStore } from '../promised-connection.js';
import type { CaseDefinition } from './case-definition.js';

/** Longest key a driver must take: what is longer is digested before it comes here. */
const LONGEST_KEY_BYTES = 187;

const CONTROL_CHARACTERS = [...Array.from({ length: 32 }, (_, code) => code), 0x7f, 0x80, 0xa0, 0x2028];

const STRANGE_NAMES = [
  'two words',
  'end',
  'end ',
  'end\n',
  'tab\tbed',
  'quote"quote\'quote`',
  'back\\slash',
  '*?[a-z]{x}',
  'k\r\n',
  'k\r\nflush_all\r\n',
  'k\r\nset x 0 0 1\r\n1\r\n',
  'k\r\n*1\r\n$8\r\nFLUSHALL\r\n',
  'k 0 0 1\r\n1\r\nget k',
  'naïve',
  'é',
  'e\u0301',
  '日本語',
  '🦊🦊',
  '👨‍👩‍👧‍👦',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  '{tag}',
  '0',
  '-1',
];

export const keyCases: readonly CaseDefinition[] = [
  {
    title: 'strange keys (spaces, quotes, CR LF with commands, unicode, prototype names) are entries of their own',
    run: async (session) => {
      const control = CONTROL_CHARACTERS.map((code) => `c${String.fromCharCode(code)}c`);
      const names = [...STRANGE_NAMES, ...control];
      const call = await session.connect();
      const stored = call.sendAll(names.map((name, index) => askStore(session.key(name), `value ${index}`)));
      assert(!(await Promise.all(stored)).includes(false));
      const found = await Promise.all(call.sendAll(names.map((name) => askGet(session.key(name)))));
      for (const [index, name] of names.entries()) {
        assert.equal(found[index]?.toString(), `value ${index}`, JSON.stringify(name));
        assert.equal((await call.get(session.key(name)))?.toString(), `value ${index}`, JSON.stringify(name));
      }
      for (const name of names) assert.equal(await call.delete(session.key(name)), true, JSON.stringify(name));
      assert.equal(await call.get(session.key('x')), undefined);
    },
  },
  {
    title: 'a strange key can be added, replaced, counted and touched like any other',
    run: async (session) => {
      const call = await session.connect();
      for (const name of ['a b\r\nc', '🦊', '__proto__']) {
        const key = session.key(name);
        assert.equal(await call.count(key, 1, { initial: 7 }), 7);
        assert.equal(await call.count(key, 1), 8);
        assert.equal(await call.store(key, 'no', { mode: 'add' }), false);
        assert.equal(await call.store(key, 'yes', { mode: 'replace' }), true);
        assert.equal(await call.touch(key, 60_000), true);
        assert.equal(String(await call.get(key)), 'yes');
      }
    },
  },
  {
    title: `keys of ${LONGEST_KEY_BYTES} bytes work, and a last byte makes the difference`,
    run: async (session) => {
      const call = await session.connect();
      const room = LONGEST_KEY_BYTES - Buffer.byteLength(session.prefix);
      const ascii = 'k'.repeat(room - 1);
      const wide = 'é'.repeat(Math.floor((room - 1) / 2)) + 'x'.repeat((room - 1) % 2);
      const keys = [`${ascii}1`, `${ascii}2`, `${wide}1`, `${wide}2`].map((name) => session.key(name));
      for (const key of keys) assert.equal(Buffer.byteLength(key), LONGEST_KEY_BYTES);
      // Taken for commands, this value would empty the node.
      await Promise.all(call.sendAll(keys.map((key) => askStore(key, 'flush_all'))));
      for (const key of keys) await call.store(key, key);
      for (const key of keys) assert.equal((await call.get(key))?.toString(), key);
    },
  },
];
