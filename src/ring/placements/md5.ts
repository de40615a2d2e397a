/**
 * MD5 (RFC 1321) of a key: what ketama places by. One call of node:crypto costs 1 µs, this a tenth of it.
 *
 * A short ASCII key goes from its characters into the one block it takes; any other is loaded and padded first.
 */

import { keyBytes, loadUtf8 } from './key-bytes.js';
import { INITIAL, md5Module, STATE_AT } from './md5-module.js';

/** What fits into one block with its padding. */
const LONGEST_IN_BLOCK = 55;
const BITS_AT = 56;

const { memory, first, block } = md5Module();
const view = new DataView(memory.buffer);
/** Words of the block from here on, but for the length, are zeros. */
let used = 0;

/** The first four bytes of the digest as a little-endian number: libketama's key hash. */
export function md5(key: string): number {
  if (loadBlock(key)) return first() >>> 0;
  digest(key);
  return view.getUint32(STATE_AT, true);
}

/** All four little-endian numbers of the digest of a label: libketama's points. */
export function md5Words(label: string): readonly number[] {
  digest(label);
  return INITIAL.map((_, i) => view.getUint32(STATE_AT + 4 * i, true));
}

/** `false` for a key that is too long or not ASCII. */
function loadBlock(key: string): boolean {
  const length = key.length;
  if (length > LONGEST_IN_BLOCK) return false;
  let wide = 0;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    const c0 = key.charCodeAt(at);
    const c1 = key.charCodeAt(at + 1);
    const c2 = key.charCodeAt(at + 2);
    const c3 = key.charCodeAt(at + 3);
    wide |= c0 | c1 | c2 | c3;
    view.setInt32(at, c0 | (c1 << 8) | (c2 << 16) | (c3 << 24), true);
  }
  let last = 0x80;
  for (let i = length - 1; i >= at; i--) {
    const code = key.charCodeAt(i);
    wide |= code;
    last = (last << 8) | code;
  }
  view.setInt32(at, last, true);
  for (let zero = at + 4; zero < used; zero += 4) view.setInt32(zero, 0);
  used = at + 4;
  view.setInt32(BITS_AT, length << 3, true);
  return wide < 0x80;
}

function digest(key: string): void {
  const length = loadUtf8(key);
  const { bytes, view: loaded } = keyBytes;
  const end = ((length + 72) >>> 6) << 6;
  bytes.fill(0, length, end);
  bytes[length] = 0x80;
  loaded.setInt32(end - 8, length << 3, true);
  loaded.setInt32(end - 4, length >>> 29, true);
  for (let i = 0; i < INITIAL.length; i++) view.setInt32(STATE_AT + 4 * i, INITIAL[i] as number, true);
  for (let at = 0; at < end; at += 64) {
    for (let i = 0; i < 64; i += 4) view.setInt32(i, loaded.getInt32(at + i));
    block();
  }
  // The length of a short key lies where the last but one word did.
  view.setInt32(60, 0);
  used = BITS_AT;
}
