/**
 * FNV-1 and FNV-1a as C clients compute them and as Java ones do.
 *
 * The C clients (libhashkit fnv_32.cc, fnv_64.cc; twemproxy nc_fnv.c) add each byte as a signed char on x86-64, so a byte
 * from 0x80 on flips all upper bits: textbook FNV misplaces most keys that are not ASCII. Their "64" variants answer 32
 * bits: fnv1_64 the lower half of a 64-bit loop, fnv1a_64 a loop of 32 bits with the truncated constants, and since a
 * lower half depends on lower halves only, one loop with basis 0x84222325 and prime 0x1b3 serves for both.
 */

import { keyBytes, loadUtf8 } from './key-bytes.js';

export const FNV_32 = { basis: 0x811c9dc5 | 0, prime: 0x01000193 } as const;
export const FNV_64_LOW = { basis: 0x84222325 | 0, prime: 0x1b3 } as const;

interface FnvConstants {
  readonly basis: number;
  readonly prime: number;
}

/** Multiply, then add a signed byte. */
export function fnv1Signed({ basis, prime }: FnvConstants): (key: string) => number {
  return (key) => {
    const length = loadUtf8(key);
    const bytes = keyBytes.bytes;
    let hash = basis;
    for (let i = 0; i < length; i++) hash = Math.imul(hash, prime) ^ ((bytes[i]! << 24) >> 24);
    return hash >>> 0;
  };
}

/** Add a signed byte, then multiply. */
export function fnv1aSigned({ basis, prime }: FnvConstants): (key: string) => number {
  return (key) => {
    const length = loadUtf8(key);
    const bytes = keyBytes.bytes;
    let hash = basis;
    for (let i = 0; i < length; i++) hash = Math.imul(hash ^ ((bytes[i]! << 24) >> 24), prime);
    return hash >>> 0;
  };
}

/** Over UTF-16 units, as spymemcached's DefaultHashAlgorithm.java. */
export function fnv1Utf16({ basis, prime }: FnvConstants): (key: string) => number {
  return (key) => {
    let hash = basis;
    for (let i = 0; i < key.length; i++) hash = Math.imul(hash, prime) ^ key.charCodeAt(i);
    return hash >>> 0;
  };
}

/** Over UTF-16 units, as spymemcached's DefaultHashAlgorithm.java. */
export function fnv1aUtf16({ basis, prime }: FnvConstants): (key: string) => number {
  return (key) => {
    let hash = basis;
    for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), prime);
    return hash >>> 0;
  };
}
