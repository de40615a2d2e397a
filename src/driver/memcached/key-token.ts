/**
 * How a key travels in the meta protocol: as it is where every character is plain, else as the base64 of its UTF-8 bytes
 * with the `b` flag. The server decodes base64, so that both forms of the same bytes name the same entry.
 *
 * A header the server refuses is a danger, not a nuisance: the value behind it would be executed as commands. Hence the
 * limits are checked here, before a byte leaves.
 */

/** Longest key in UTF-8 bytes; longer ones are digested by the layers above, on every driver alike. */
export const MAX_KEY_BYTES = 187;

/** The server's own limit, for keys that other clients write too. */
export const LONGEST_KEY_BYTES = 250;

/** Base64 of 187 bytes takes 252 characters with its padding, which the server demands; it takes 250. */
const MAX_BASE64_KEY_BYTES = 186;

export interface KeyToken {
  /** One byte a character. */
  readonly text: string;
  /** Whether the command must carry the `b` flag. */
  readonly isBase64: boolean;
}

/**
 * Writes a key that is plain (0x21 … 0x7e) and short enough at `at`, where there must be room; the position behind it,
 * or -1 if the key needs `keyToken`.
 */
export function writePlainKey(bytes: Buffer, at: number, key: string, maxKeyBytes = MAX_KEY_BYTES): number {
  const length = key.length;
  if (length === 0 || length > maxKeyBytes) return -1;
  let end = at;
  for (let i = 0; i < length; i++) {
    const code = key.charCodeAt(i);
    if (code <= 0x20 || code >= 0x7f) return -1;
    bytes[end++] = code;
  }
  return end;
}

/** The form of a key that `writePlainKey` turned away; `undefined` if the server takes none: empty, or too long. */
export function keyToken(key: string, maxKeyBytes = MAX_KEY_BYTES): KeyToken | undefined {
  const bytes = Buffer.from(key, 'utf8');
  if (bytes.length === 0 || bytes.length > maxKeyBytes) return undefined;
  if (bytes.length <= MAX_BASE64_KEY_BYTES) return { text: bytes.toString('base64'), isBase64: true };
  // From 187 bytes on only the bytes themselves fit, which the server takes if none of them ends a word.
  return bytes.every((byte) => byte > 0x20 && byte !== 0x7f)
    ? { text: bytes.latin1Slice(), isBase64: false }
    : undefined;
}
