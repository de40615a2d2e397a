/**
 * Between a caller's values and what is stored: memjs's serializer hook, and the client flags that it may set.
 *
 * A serializer is given the opcode of the binary protocol and the extras of the request (flags and expiry, four bytes each,
 * big-endian), or those of the response (flags alone), whatever the connection speaks.
 */

import { CacheError } from '../../errors.js';

/** A value as memjs takes it: text, bytes, or a list of bytes. */
export type Value = string | Buffer | Uint8Array | ArrayBuffer | readonly number[];
type Extras = Buffer | string;

export interface Serializer {
  serialize(opcode: number, value: never, extras: Extras): { readonly value: Value; readonly extras: Extras };
  deserialize(opcode: number, value: Buffer, extras: Buffer): { readonly value: unknown; readonly extras: unknown };
}

export const noopSerializer: Serializer = {
  serialize: (_opcode, value, extras) => ({ value, extras }),
  deserialize: (_opcode, value, extras) => ({ value, extras }),
};

export const OPCODE = { get: 0, set: 1, add: 2, replace: 3, append: 0x0e, prepend: 0x0f } as const;

const FLAG_BYTES = 4;
const EXTRA_BYTES = 8;

export interface Stored {
  /** The flags, and the value behind them. */
  readonly bytes: Buffer;
  /** As memcached takes it. */
  readonly expires: number;
}

/** @throws CacheError `ERR_INVALID_VALUE` for what memcached cannot store; what the serializer throws */
export function toStored(serializer: Serializer, opcode: number, value: unknown, expires: number): Stored {
  const request = Buffer.alloc(EXTRA_BYTES);
  request.writeUInt32BE(expires, FLAG_BYTES);
  const serialized = serializer.serialize(opcode, value as never, request);
  const extras = toBytes(serialized.extras);
  if (extras.length !== EXTRA_BYTES)
    throw new CacheError(
      'ERR_INVALID_VALUE',
      `a serializer answers extras of ${EXTRA_BYTES} bytes, got ${extras.length}`,
    );
  const bytes = Buffer.concat([extras.subarray(0, FLAG_BYTES), toBytes(serialized.value)]);
  return { bytes, expires: extras.readUInt32BE(FLAG_BYTES) };
}

/** What is added to a value has no flags. */
export function toAffix(serializer: Serializer, opcode: number, value: unknown): Buffer {
  return Buffer.from(toBytes(serializer.serialize(opcode, value as never, '').value));
}

export function fromStored(
  serializer: Serializer,
  bytes: Buffer,
): { readonly value: unknown; readonly flags: unknown } {
  const { value, extras } = serializer.deserialize(
    OPCODE.get,
    bytes.subarray(FLAG_BYTES),
    bytes.subarray(0, FLAG_BYTES),
  );
  return { value, flags: extras };
}

function toBytes(value: unknown): Buffer {
  if (Buffer.isBuffer(value)) return value;
  if (typeof value === 'string') return Buffer.from(value, 'utf8');
  if (value instanceof ArrayBuffer) return Buffer.from(value);
  if (value instanceof Uint8Array || Array.isArray(value)) return Buffer.from(value);
  const got = value === null ? 'null' : typeof value;
  throw new CacheError(
    'ERR_INVALID_VALUE',
    `a value is a string or bytes, got ${got}: convert it, or use a serializer`,
  );
}
