/**
 * Values: bytes come back as they were stored, whatever they are, and a miss is a miss.
 */

import assert from 'node:assert/strict';
import { faultOf } from '../../errors.js';
import { askGet, askStore } from '../promised-connection.js';
import type { CaseDefinition } from './case-definition.js';
import { failureOf, patternedBytes } from './contract-session.js';

const SIZES = [0, 1, 2, 3, 100, 1_023, 1_024, 4_096, 16_383, 16_384, 65_535, 65_536, 262_144, 1_000_000];

/** Above this a test of the largest value would measure memory, not the driver. */
const LARGEST_TRIED = 64 * 1024 * 1024;

const LOOKING_LIKE_PROTOCOL = [
  '\r\n',
  '+OK\r\n',
  '-ERR no\r\n',
  '$5\r\nhello\r\n',
  '*1\r\n$8\r\nFLUSHALL\r\n',
  'END\r\n',
  'EN\r\n',
  'HD\r\n',
  'MN\r\n',
  'VA 2 t0\r\nhi\r\n',
  'VALUE k 0 2\r\nhi\r\nEND\r\n',
  'flush_all\r\n',
  'SERVER_ERROR out of memory\r\n',
];

export const valueCases: readonly CaseDefinition[] = [
  {
    title: 'a get of a key never stored is a miss',
    run: async (session) => {
      const call = await session.connect();
      assert.equal(await call.get(session.key('never')), undefined);
    },
  },
  {
    title: 'all 256 byte values come back exactly',
    run: async (session) => {
      const call = await session.connect();
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
      assert.equal(await call.store(session.key('k'), bytes), true);
      assert.deepEqual(await call.get(session.key('k')), bytes);
      for (const value of [0x00, 0x0a, 0x0d, 0x20, 0x7f, 0x80, 0x81, 0xff]) {
        await call.store(session.key('k'), Buffer.from([value]));
        assert.deepEqual(await call.get(session.key('k')), Buffer.from([value]));
      }
    },
  },
  {
    title: 'an empty value is a hit with no bytes',
    run: async (session) => {
      const call = await session.connect();
      await call.store(session.key('k'), '');
      assert.deepEqual(await call.get(session.key('k')), Buffer.alloc(0));
    },
  },
  {
    title: 'values of every size up to 1 MB come back exactly, read alone and together',
    run: async (session) => {
      const call = await session.connect();
      const limit = call.connection.maxValueBytes ?? Number.POSITIVE_INFINITY;
      const values = SIZES.filter((size) => size <= limit).map((size) => patternedBytes(size, size));
      const key = (index: number) => session.key(`k${index}`);
      const stored = call.sendAll(values.map((bytes, index) => askStore(key(index), bytes)));
      assert.deepEqual(
        await Promise.all(stored),
        values.map(() => true),
      );
      const together = await Promise.all(call.sendAll(values.map((_, index) => askGet(key(index)))));
      for (const [index, bytes] of values.entries()) {
        assert(together[index]?.equals(bytes), `${bytes.length} bytes read together`);
        assert((await call.get(key(index)))?.equals(bytes), `${bytes.length} bytes read alone`);
      }
    },
  },
  {
    title: 'values that look like replies or commands are neither',
    run: async (session) => {
      const call = await session.connect();
      const key = (index: number) => session.key(`k${index}`);
      await Promise.all(call.sendAll(LOOKING_LIKE_PROTOCOL.map((text, index) => askStore(key(index), text))));
      const found = await Promise.all(call.sendAll(LOOKING_LIKE_PROTOCOL.map((_, index) => askGet(key(index)))));
      assert.deepEqual(
        found.map((bytes) => bytes?.toString()),
        LOOKING_LIKE_PROTOCOL,
      );
    },
  },
  {
    title: 'a stored value is the bytes of its buffer alone, not of the memory around it',
    run: async (session) => {
      const call = await session.connect();
      const slice = Buffer.from('before|value|after').subarray(7, 12);
      await call.store(session.key('k'), slice);
      assert.equal(String(await call.get(session.key('k'))), 'value');
    },
  },
  {
    title: 'the value stored last is the one read',
    run: async (session) => {
      const call = await session.connect();
      await call.store(session.key('k'), 'a longer first value');
      await call.store(session.key('k'), 'second');
      assert.equal(String(await call.get(session.key('k'))), 'second');
    },
  },
  {
    title: "the largest value is taken; one far larger is refused as the caller's fault, and the connection serves on",
    run: async (session) => {
      const call = await session.connect();
      const largest = call.connection.maxValueBytes;
      if (largest === undefined || largest > LARGEST_TRIED) {
        assert.equal(await call.store(session.key('k'), patternedBytes(2_000_000)), true);
        return;
      }
      const bytes = patternedBytes(largest);
      assert.equal(await call.store(session.key('k'), bytes), true);
      assert((await call.get(session.key('k')))?.equals(bytes));
      const refused = call.store(session.key('k'), Buffer.alloc(2 * largest));
      const after = call.store(session.key('l'), 'after');
      const error = await failureOf(refused);
      assert.equal(error.code, 'ERR_VALUE_TOO_LARGE');
      assert.equal(faultOf(error), 'caller');
      assert.equal(await after, true);
      // The node may have dropped the former value, but nobody may see a part of the refused one.
      const left = await call.get(session.key('k'));
      assert(left === undefined || left.equals(bytes));
      assert.equal(String(await call.get(session.key('l'))), 'after');
    },
  },
];
