/** Paul Hsieh's SuperFastHash as twemproxy has it (nc_hsieh.c): the third of three last bytes counts as a signed char. */

import { keyBytes, loadUtf8 } from './key-bytes.js';

export function hsieh(key: string): number {
  const length = loadUtf8(key);
  const { bytes, view } = keyBytes;
  if (length === 0) return 0;
  let hash = 0;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    hash = (hash + view.getUint16(at, true)) | 0;
    hash = (hash << 16) ^ (view.getUint16(at + 2, true) << 11) ^ hash;
    hash = (hash + (hash >>> 11)) | 0;
  }
  const rest = length - at;
  if (rest === 3) {
    hash = (hash + view.getUint16(at, true)) | 0;
    hash ^= hash << 16;
    hash ^= ((bytes[at + 2]! << 24) >> 24) << 18;
    hash = (hash + (hash >>> 11)) | 0;
  } else if (rest === 2) {
    hash = (hash + view.getUint16(at, true)) | 0;
    hash ^= hash << 11;
    hash = (hash + (hash >>> 17)) | 0;
  } else if (rest === 1) {
    hash = (hash + bytes[at]!) | 0;
    hash ^= hash << 10;
    hash = (hash + (hash >>> 1)) | 0;
  }
  hash ^= hash << 3;
  hash = (hash + (hash >>> 5)) | 0;
  hash ^= hash << 4;
  hash = (hash + (hash >>> 17)) | 0;
  hash ^= hash << 25;
  return (hash + (hash >>> 6)) >>> 0;
}
