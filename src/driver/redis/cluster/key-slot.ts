/**
 * The slot of a key in a Redis Cluster: CRC-16 (CCITT, from 0) of its `{tag}` if it has one, of the whole key otherwise,
 * modulo 16,384, over the UTF-8 bytes. Source: the Redis Cluster specification, "Key distribution model" and "Hash tags".
 *
 * CRC-16 is linear: the remainder of a text put behind another is that of the other moved along by as many zero bytes,
 * combined bit by bit with that of the text alone. `suffixInto` finds by that, without searching, what to put behind a key
 * to bring it into a slot.
 */

export const SLOTS = 16_384;
const SLOT_MASK = SLOTS - 1;
const OPEN = 0x7b;

const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0);
  return crc & 0xffff;
});

export function keySlot(key: string): number {
  const tag = tagIn(key);
  return crcOf(tag === '' ? key : tag, 0) & SLOT_MASK;
}

/** What stands between the first `{` and the first `}` behind it; `''` if nothing does. */
export function tagIn(key: string): string {
  const start = key.indexOf('{');
  if (start < 0) return '';
  const end = key.indexOf('}', start);
  return end < 0 ? '' : key.slice(start + 1, end);
}

/** `from`: the remainder of what stands before. */
export function crcOf(text: string, from: number): number {
  let crc = from;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return crcOfBytes(Buffer.from(text.slice(i), 'utf8'), crc);
    crc = ((crc << 8) & 0xffff) ^ (TABLE[(crc >>> 8) ^ unit] as number);
  }
  return crc;
}

function crcOfBytes(bytes: Buffer, from: number): number {
  let crc = from;
  for (const byte of bytes) crc = ((crc << 8) & 0xffff) ^ (TABLE[(crc >>> 8) ^ byte] as number);
  return crc;
}

/** Three characters of these reach every slot, and none of them is a brace. */
const ALPHABET = Array.from({ length: OPEN - 0x30 }, (_, i) => String.fromCharCode(0x30 + i));

/** By slot: three characters that with `ending` behind them, by themselves, fall into it. */
function fillersBefore(ending: string): string[] {
  const fillers: string[] = Array(SLOTS).fill('');
  let open = SLOTS;
  for (const a of ALPHABET)
    for (const b of ALPHABET)
      for (const c of ALPHABET) {
        const slot = crcOf(a + b + c + ending, 0) & SLOT_MASK;
        if (fillers[slot] !== '') continue;
        fillers[slot] = a + b + c;
        if (--open === 0) return fillers;
      }
  throw new RangeError(`no three characters before ${ending} reach every slot`);
}

/** Answers, for an `ending` without braces, a function from a key without tag to what brings key and ending into its slot. */
export function suffixInto(ending: string): (key: string) => string {
  let fillers: string[] | undefined;
  const zeros = '\0'.repeat(3 + ending.length);
  return (key) => {
    fillers ??= fillersBefore(ending);
    const crc = crcOf(key, 0);
    return `${fillers[(crc ^ crcOf(zeros, crc)) & SLOT_MASK]}${ending}`;
  };
}

/** Of the filler. */
export const FILLER_LENGTH = 3;
