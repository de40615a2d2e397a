import { describe, expect, it } from 'vitest';
import { FrameCarry, UNTIL_NEWLINE } from '../../../src/driver/memcached/frame-carry.js';

/** A decimal length, a line break, and so many bytes. */
function measure(bytes: Buffer, length: number): number {
  const newline = bytes.subarray(0, length).indexOf(10);
  return newline === -1 ? UNTIL_NEWLINE : newline + 1 + Number(bytes.latin1Slice(0, newline));
}

function frame(size: number, fill = 'x'): Buffer {
  return Buffer.from(`${size}\n${fill.repeat(size)}`);
}

describe('a frame cut in two', () => {
  it('is put together from pieces of any size, and leaves what follows it', () => {
    const whole = Buffer.concat([frame(300, 'ab'.slice(0, 1)), Buffer.from('next')]);
    const frameLength = whole.length - 4;
    for (let size = 1; size < frameLength; size++) {
      const carry = new FrameCarry(measure);
      carry.start(whole, 0, size);
      let at = size;
      let rest = -1;
      while (rest === -1) {
        const chunk = whole.subarray(at, at + size);
        rest = carry.fill(chunk, chunk.length);
        at += rest === -1 ? chunk.length : rest;
      }
      expect(at).toBe(frameLength);
      expect(carry.bytes.subarray(0, carry.length)).toEqual(whole.subarray(0, frameLength));
      carry.reset();
      expect(carry.isActive).toBe(false);
    }
  });

  it('is not confused by line breaks in the old content of a chunk beyond its end', () => {
    const carry = new FrameCarry(measure);
    carry.start(Buffer.from('1'), 0, 1);
    expect(carry.fill(Buffer.from('2\n'), 1)).toBe(-1);
    expect(carry.fill(Buffer.from('\nabcdefghijklmnop'), 17)).toBe(13);
    expect(carry.bytes.latin1Slice(0, carry.length)).toBe('12\nabcdefghijkl');
  });

  it('copies each byte of a large value a bounded number of times', () => {
    const whole = frame(4_000_000);
    let copied = 0;
    const chunkBytes = 10_000;
    const carry = new FrameCarry(measure);
    const first = whole.subarray(0, chunkBytes);
    const copy = Buffer.prototype.copy;
    Buffer.prototype.copy = function counting(this: Buffer, ...args: Parameters<typeof copy>) {
      const count = copy.apply(this, args);
      copied += count;
      return count;
    };
    try {
      carry.start(first, 0, first.length);
      for (let at = chunkBytes; at < whole.length; at += chunkBytes) {
        const chunk = whole.subarray(at, at + chunkBytes);
        carry.fill(chunk, chunk.length);
      }
    } finally {
      Buffer.prototype.copy = copy;
    }
    expect(carry.length).toBe(whole.length);
    expect(copied).toBeLessThan(1.1 * whole.length);
  });

  it('gives a large buffer back and keeps a small one', () => {
    const carry = new FrameCarry(measure);
    carry.start(frame(200_000), 0, 200_007);
    carry.reset();
    expect(carry.bytes.length).toBe(0);
    carry.start(frame(200), 0, 100);
    carry.reset();
    expect(carry.bytes.length).toBeGreaterThan(0);
  });
});
