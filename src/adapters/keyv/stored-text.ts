/**
 * What Keyv stores, as text. Keyv's own serialisation is a string and stays one; what arrives otherwise (Keyv without
 * serialisation, somebody who uses the adapter alone) comes back as it was: bytes as a Buffer, anything else as JSON has it.
 *
 * Text, because a bare number would be a counter in the cache, which has no expiry finer than that of its node.
 *
 * The first letter says what follows: `s` a string, `j` JSON, `b` base64. A capital says that the key comes before it, as
 * `S5:hello…` with its length in UTF-16 units, for entries whose key in the cache is a digest.
 */

import { readJson, writeJson } from '../../codec/json-text.js';
import { CORRUPT } from '../../codec/transcoder.js';

/** @throws CacheError `ERR_INVALID_VALUE` for what JSON cannot express */
export function toText(value: unknown, key: string, withKey: boolean): string {
  const [kind, body] = encoded(value, key);
  return withKey ? `${kind.toUpperCase()}${key.length}:${key}${body}` : `${kind}${body}`;
}

/** `undefined` for what is no text of an adapter. */
export function toValue(text: unknown): unknown {
  if (typeof text !== 'string') return undefined;
  const kind = text.charAt(0).toLowerCase();
  const start = text.startsWith(kind) ? 1 : keyIn(text)?.end;
  if (start === undefined) return undefined;
  const body = text.slice(start);
  switch (kind) {
    case 's':
      return body;
    case 'b':
      return Buffer.from(body, 'base64');
    case 'j': {
      const value = readJson(body);
      return value === CORRUPT ? undefined : value;
    }
    default:
      return undefined;
  }
}

/** The key that an entry holds; `undefined` if it holds none. */
export function heldKey(text: unknown): string | undefined {
  return typeof text === 'string' ? keyIn(text)?.key : undefined;
}

function encoded(value: unknown, key: string): readonly [kind: string, body: string] {
  if (typeof value === 'string') return ['s', value];
  if (value instanceof Uint8Array)
    return ['b', Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')];
  return ['j', writeJson(value, key)];
}

function keyIn(text: string): { readonly key: string; readonly end: number } | undefined {
  const head = /^[SJB](\d+):/.exec(text);
  if (head === null) return undefined;
  const start = head[0].length;
  const end = start + Number(head[1]);
  return { key: text.slice(start, end), end };
}
