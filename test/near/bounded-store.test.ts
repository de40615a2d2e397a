import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf } from '../../src/codec/encoded.js';
import { CORRUPT, Kept } from '../../src/codec/transcoder.js';
import { createTranscoder } from '../../src/codec.js';
import { BoundedStore } from '../../src/near/bounded-store.js';
import { heapInUse } from './heap.js';

const ROOMY = { maxEntries: 20_000, maxBytes: 1_024 ** 3 };

describe('BoundedStore', () => {
  it.each([
    [Number.MAX_SAFE_INTEGER, 1_000, 4],
    [1e9, 1_000_000, 20],
    [Number.MAX_SAFE_INTEGER, 1, 0],
  ])(
    'takes no room for entries beyond what its bytes can hold: of %d entries and %d bytes',
    (maxEntries, maxBytes, held) => {
      const store = new BoundedStore<string>({ maxEntries, maxBytes });
      for (let i = 0; i < 20; i++) store.set(String.fromCharCode(97 + i), 'v', 1, 0, 1);
      expect(store.entries).toBe(held);
    },
  );

  it('never holds more entries or bytes than allowed, and lets the least recently used go first', () => {
    const step = fc.record({
      key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
      size: fc.nat({ max: 400 }),
      isRead: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const bounds = { maxEntries: 4, maxBytes: 1_200 };
        const store = new BoundedStore<number>(bounds);
        const recency: string[] = [];
        for (const { key, size, isRead } of steps) {
          const isThere = store.get(key, 0) !== undefined;
          if (!isRead) store.set(key, size, size, 0, 1);
          if (isThere || !isRead) {
            if (recency.includes(key)) recency.splice(recency.indexOf(key), 1);
            recency.push(key);
          }
          expect(store.entries).toBeLessThanOrEqual(bounds.maxEntries);
          expect(store.bytes).toBeLessThanOrEqual(bounds.maxBytes);
          if (!isRead) expect(store.get(key, 0)?.item).toBe(size);
        }
        // What is left are the most recent ones, without a gap.
        const left = recency.slice(-store.entries || recency.length);
        for (const key of left) expect(store.get(key, 0)).toBeDefined();
      }),
    );
  });

  it('answers an entry until its end and not at it', () => {
    const store = new BoundedStore<string>(ROOMY);
    store.set('k', 'v', 1, 100, 200);
    expect(store.get('k', 199.9)).toMatchObject({ item: 'v', storedAt: 100 });
    expect(store.get('k', 200)).toBeUndefined();
    expect(store.entries).toBe(0);
  });

  it('does not store what is larger than all its room, and forgets what it replaces', () => {
    const store = new BoundedStore<string>({ maxEntries: 10, maxBytes: 1_000 });
    store.set('k', 'small', 5, 0, 1);
    store.set('k', 'large', 1_000, 0, 1);
    expect(store.get('k', 0)).toBeUndefined();
    expect(store.bytes).toBe(0);
  });

  it('counts the key, so that long keys with tiny values stay within bounds', () => {
    const store = new BoundedStore<number>({ maxEntries: 100, maxBytes: 10_000 });
    for (let i = 0; i < 100; i++) store.set(`${i}`.padEnd(1_000, 'k'), i, 8, 0, 1);
    expect(store.entries).toBeLessThan(10);
  });

  it('G17 takes the names of Object.prototype for keys like others', () => {
    const store = new BoundedStore<string>(ROOMY);
    for (const key of ['__proto__', 'constructor', 'hasOwnProperty']) expect(store.get(key, 0)).toBeUndefined();
    store.set('__proto__', 'v', 1, 0, 1);
    expect(store.get('__proto__', 0)?.item).toBe('v');
    expect(store.entries).toBe(1);
  });

  it('takes a copy of a buffer', () => {
    const store = new BoundedStore<Buffer>(ROOMY);
    const mine = Buffer.from('before');
    store.set('k', mine, 6, 0, 1);
    mine.fill('x');
    expect(store.get('k', 0)?.item.toString()).toBe('before');
  });

  it('F5 does not pin the 64 KiB buffer that a 10-byte value was read from', () => {
    const json = createTranscoder({ clientId: 1 });
    const bytes = createTranscoder({ codec: 'bytes', clientId: 1 });
    const encoded = bytesOf(json.encode('k', 0, 'ten bytes!', 0, 0));
    const kept = new BoundedStore<Kept>(ROOMY);
    const raw = new BoundedStore<Buffer>(ROOMY);
    const before = heapInUse();
    for (let i = 0; i < 1_000; i++) {
      const received = Buffer.allocUnsafeSlow(65_536);
      encoded.copy(received, 100);
      const enveloped = json.keep(received, 100, 100 + encoded.length);
      const plain = bytes.keep(received, 128, 138);
      if (enveloped === CORRUPT || plain === CORRUPT) throw new Error('corrupt');
      kept.set(`json${i}`, enveloped, enveloped.bytes, 0, 1);
      kept.set(`bytes${i}`, plain, plain.bytes, 0, 1);
      raw.set(`raw${i}`, received.subarray(128, 138), 10, 0, 1);
    }
    // 65 MB would be pinned; what is held is some 300 bytes an entry, of three thousand.
    expect(heapInUse() - before).toBeLessThan(4_000_000);
    expect(kept.entries + raw.entries).toBe(3_000);
  });

  it('F5 counts what it costs: within 5 % for values of 100 bytes', () => {
    const source = Buffer.alloc(200, 'v');
    // The middle of five: garbage of others may be collected between two readings of the heap.
    const ratios = Array.from({ length: 5 }, () => {
      const before = heapInUse();
      const store = new BoundedStore<Kept>(ROOMY);
      for (let i = 0; i < ROOMY.maxEntries; i++) {
        const key = Buffer.from(`shop:user:profile:${i}`).latin1Slice();
        const item = new Kept(0, source.latin1Slice(i % 100, (i % 100) + 100), 100);
        store.set(key, item, item.bytes, i + 0.5, i + 1_000.5);
      }
      const cost = heapInUse() - before;
      expect(store.entries).toBe(ROOMY.maxEntries);
      return store.bytes / cost;
    }).sort((a, b) => a - b);
    expect(ratios[2]).toBeGreaterThan(0.95);
    expect(ratios[2]).toBeLessThan(1.05);
  });
});
