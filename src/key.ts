/**
 * From a caller's key to the key on the wire, and back.
 *
 * A legal key is any non-empty string without lone surrogates: control characters, spaces and every other character are
 * data, taken as their UTF-8 bytes, never normalised. The wire key is `namespace:key`, or the key itself without a
 * namespace. It is the same on every driver, and it alone decides the placement.
 *
 * Memcached takes at most 186 raw bytes in a base64 key (187 make 252 characters; past 250 it refuses the line and runs the
 * value as commands), so a longer
 * wire key is replaced, on every driver alike, by `namespace:~sha256:<digest of the whole wire key>{tag}`. A hash tag of
 * up to 64 bytes is kept, so that tagged keys stay together however long they are; a longer tag is lost with the rest.
 *
 * Injective: namespaces hold no colon, so no prefix begins another; a key that itself begins with `~sha256:` is digested
 * too, and so is one that ends as companion keys do (base/lease-key), so digested and plain forms never meet; and two digests meet only where SHA-256 does.
 */

import { createHash } from 'node:crypto';
import { isLeaseKey } from './base/lease-key.js';
import { charCodeAt, isWellFormed } from './base/string-calls.js';
import { CacheError, OptionError } from './errors.js';

/** Longest wire key in UTF-8 bytes that travels as it is. */
export const MAX_WIRE_KEY_BYTES = 186;

const DIGEST_MARKER = '~sha256:';
const MARKER_FIRST_UNIT = DIGEST_MARKER.charCodeAt(0);
/** prefix 65 + marker 8 + digest 43 + braces 2 leave 68 of 186. */
const MAX_KEPT_TAG_BYTES = 64;
/** A UTF-16 code unit takes at most three bytes in UTF-8, so up to this length no counting is needed. */
const SURELY_SHORT_UNITS = Math.floor(MAX_WIRE_KEY_BYTES / 3);
const NAMESPACE = /^[A-Za-z0-9._-]{1,64}$/;

export interface KeySpaceOptions {
  /**
   * Put before every key, with a colon. 1 to 64 of `A-Z a-z 0-9 . _ -`.
   * @default none: keys are used as they are, beside whatever else lives on the nodes
   */
  readonly namespace?: string | undefined;
}

export class KeySpace {
  /** What every wire key of this space begins with; `''` without a namespace. */
  readonly prefix: string;
  readonly #surelyShort: number;
  readonly #longestVerbatim: number | undefined;

  private constructor(prefix: string, longestVerbatim?: number) {
    this.prefix = prefix;
    this.#longestVerbatim = longestVerbatim;
    this.#surelyShort = SURELY_SHORT_UNITS - prefix.length;
  }

  /** @throws OptionError if the namespace is malformed. */
  static create(options: KeySpaceOptions = {}): KeySpace {
    const { namespace } = options;
    if (namespace === undefined) return new KeySpace('');
    if (typeof namespace !== 'string' || !NAMESPACE.test(namespace)) {
      throw new OptionError('namespace', `must be 1 to 64 of A-Z a-z 0-9 . _ -, got ${describe(namespace)}`);
    }
    return new KeySpace(`${namespace}:`);
  }

  /** Keys as they are, up to so many bytes: for entries shared with clients that know no digests. */
  static verbatim(maxBytes: number): KeySpace {
    return new KeySpace('', maxBytes);
  }

  /** @throws CacheError `ERR_INVALID_KEY` unless `key` is a legal key. */
  toWireKey(key: string): string {
    // For strings of one-byte characters V8 answers `isWellFormed` without a scan.
    if (typeof key !== 'string' || key === '' || !isWellFormed(key)) throw invalidKey(key);
    if (this.#longestVerbatim !== undefined) return withinBytes(key, this.#longestVerbatim);
    const wire = this.prefix + key;
    if (charCodeAt(key, 0) === MARKER_FIRST_UNIT && key.startsWith(DIGEST_MARKER)) return this.#digested(wire);
    if (isLeaseKey(key)) return this.#digested(wire);
    if (key.length <= this.#surelyShort || isShort(wire)) return wire;
    return this.#digested(wire);
  }

  /** A wire key of this library's own, which no caller's key can be and `fromWireKey` does not tell. */
  reservedKey(purpose: string): string {
    return `${this.prefix}${DIGEST_MARKER}${purpose}`;
  }

  /** The caller's key again; `undefined` for a digested key and for what is no key of this space. */
  fromWireKey(wire: string): string | undefined {
    if (!wire.startsWith(this.prefix)) return undefined;
    const key = wire.slice(this.prefix.length);
    if (this.#longestVerbatim !== undefined) return key;
    if (key === '' || key.startsWith(DIGEST_MARKER) || isLeaseKey(key)) return undefined;
    if (!key.isWellFormed() || !isShort(wire)) return undefined;
    return key;
  }

  #digested(wire: string): string {
    const digest = createHash('sha256').update(wire, 'utf8').digest('base64url');
    return `${this.prefix}${DIGEST_MARKER}${digest}${keptTag(wire)}`;
  }
}

function withinBytes(key: string, most: number): string {
  const bytes = key.length * 3 <= most ? 0 : Buffer.byteLength(key, 'utf8');
  if (bytes <= most) return key;
  throw new CacheError('ERR_INVALID_KEY', `a key here takes at most ${most} bytes, got ${bytes}`);
}

function isShort(wire: string): boolean {
  return wire.length <= MAX_WIRE_KEY_BYTES && Buffer.byteLength(wire, 'utf8') <= MAX_WIRE_KEY_BYTES;
}

/** The first `{…}` that is not empty at the first brace, as Redis Cluster reads it. */
function keptTag(wire: string): string {
  const open = wire.indexOf('{');
  const close = open < 0 ? -1 : wire.indexOf('}', open + 1);
  if (close <= open + 1 || close - open - 1 > MAX_KEPT_TAG_BYTES) return '';
  const tag = wire.slice(open, close + 1);
  return Buffer.byteLength(tag, 'utf8') <= MAX_KEPT_TAG_BYTES + 2 ? tag : '';
}

function invalidKey(key: unknown): CacheError {
  return new CacheError('ERR_INVALID_KEY', `a key is a non-empty, well-formed string, got ${describe(key)}`);
}

const SHOWN_UNITS = 32;

/** Enough of it to find the mistake, never the whole of a long key, and nothing that a terminal would act on. */
function describe(value: unknown): string {
  if (typeof value !== 'string') return value === null ? 'null' : typeof value;
  const shown = JSON.stringify(value.slice(0, SHOWN_UNITS)).replace(/[^\x20-\x7e]/g, escapeUnit);
  return value.length > SHOWN_UNITS ? `${shown}… (${value.length} characters)` : shown;
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
