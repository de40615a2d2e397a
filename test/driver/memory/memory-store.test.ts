import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ENTRY_OVERHEAD_BYTES,
  expiryOf,
  MemoryStore,
  remainingTtlMs,
} from '../../../src/driver/memory/memory-store.js';

const FOREVER = expiryOf(0, 0);
const ENTRY_BYTES = ENTRY_OVERHEAD_BYTES + 1 + 10;

describe('MemoryStore', () => {
  it('evicts the least recently used entry, where a read counts as use', () => {
    const store = new MemoryStore({ maxBytes: 3 * ENTRY_BYTES, whenFull: 'evict' });
    for (const key of 'abc') store.write(key, '0123456789', FOREVER, 0);
    store.read('a', 0);
    store.write('d', '0123456789', FOREVER, 0);
    expect(store.keys('', 0).sort()).toEqual(['a', 'c', 'd']);
    expect(store.evictions).toBe(1);
  });

  it('refuses past the bound if told so, keeps what is there, and takes again what fits', () => {
    const store = new MemoryStore({ maxBytes: 2 * ENTRY_BYTES, whenFull: 'refuse' });
    expect(store.write('a', '0123456789', FOREVER, 0)).toBe(true);
    expect(store.write('b', '0123456789', FOREVER, 0)).toBe(true);
    expect(store.write('c', '', FOREVER, 0)).toBe(false);
    expect(store.write('a', '0123456789+', FOREVER, 0)).toBe(false);
    expect(store.read('a', 0)?.value).toBe('0123456789');
    expect(store.write('a', 'replaced!!', FOREVER, 0)).toBe(true);
    store.remove('b');
    expect(store.write('c', '', FOREVER, 0)).toBe(true);
  });

  it('gives the room of expired entries to new ones before it refuses', () => {
    const store = new MemoryStore({ maxBytes: ENTRY_BYTES, whenFull: 'refuse' });
    store.write('a', '0123456789', expiryOf(100, 0), 0);
    expect(store.write('b', '0123456789', FOREVER, 99)).toBe(false);
    expect(store.write('b', '0123456789', FOREVER, 100)).toBe(true);
  });

  it('keeps the former value when the new one is larger than the whole bound', () => {
    const store = new MemoryStore({ maxBytes: 200, whenFull: 'evict' });
    store.write('a', 'small', FOREVER, 0);
    expect(store.write('a', 'x'.repeat(200), FOREVER, 0)).toBe(false);
    expect(store.read('a', 0)?.value).toBe('small');
  });

  it('expires to the millisecond and rounds what remains up', () => {
    const store = new MemoryStore({ maxBytes: 1000, whenFull: 'evict' });
    store.write('a', 'v', expiryOf(50, 10.25), 10.25);
    const entry = store.read('a', 60);
    expect(entry && remainingTtlMs(entry, 60)).toBe(1);
    expect(store.read('a', 60.25)).toBeUndefined();
    expect(store.bytes).toBe(0);
  });

  it('restarts its tokens with its data, so that tokens of two lives may match', () => {
    const store = new MemoryStore({ maxBytes: 1000, whenFull: 'evict' });
    store.write('a', '1', FOREVER, 0);
    store.write('a', '2', FOREVER, 0);
    expect(store.read('a', 0)?.token).toBe(2);
    store.load(store.snapshot());
    expect(store.read('a', 0)).toMatchObject({ value: '2', token: 1 });
  });

  it('never holds more than its bound, whatever is written', () => {
    const write = fc.record({ key: fc.string({ maxLength: 8 }), length: fc.nat(300) });
    fc.assert(
      fc.property(fc.array(write, { maxLength: 60 }), fc.constantFrom('evict', 'refuse'), (writes, whenFull) => {
        const store = new MemoryStore({ maxBytes: 600, whenFull });
        let held = 0;
        for (const { key, length } of writes) store.write(key, 'v'.repeat(length), FOREVER, 0);
        for (const key of store.keys('', 0)) {
          held += key.length + (store.read(key, 0)?.value.length ?? 0) + ENTRY_OVERHEAD_BYTES;
        }
        expect(store.bytes).toBe(held);
        expect(held).toBeLessThanOrEqual(600);
      }),
    );
  });
});
