import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { SlotStore } from '../../src/near/slot-store.js';
import { heapInUse } from './heap.js';

const ROOMY = { maxEntries: 100, maxBytes: 1_000_000 };

/** What the store promises, by a Map: the order of insertion is the order of use. */
class Oracle {
  readonly entries = new Map<number, { key: string; content: string }>();
  constructor(readonly maxEntries: number) {}

  set(key: string, hash: number, content: string): void {
    this.entries.delete(hash);
    this.entries.set(hash, { key, content });
    const oldest = this.entries.keys().next().value;
    if (this.entries.size > this.maxEntries && oldest !== undefined) this.entries.delete(oldest);
  }

  get(key: string, hash: number): string | undefined {
    const entry = this.entries.get(hash);
    if (entry?.key !== key) return undefined;
    this.set(key, hash, entry.content);
    return entry.content;
  }
}

const contentOf = (found: { item: string | undefined; text: string | undefined } | undefined) =>
  found?.item ?? found?.text;

describe('SlotStore', () => {
  it('does as an LRU map does, in any order of calls, equal hashes included', () => {
    const key = fc.nat({ max: 11 });
    const call = fc.oneof(
      fc.record({ text: key, value: fc.string({ maxLength: 600, unit: 'binary-ascii' }) }),
      fc.record({ item: key, value: fc.string({ maxLength: 200 }) }),
      fc.record({ get: key }),
      fc.record({ drop: key }),
      fc.record({ delete: key }),
    );
    // Keys 10 and 11 share a hash, and hashes of all sizes share the buckets.
    const hashOf = (n: number) => (n >= 10 ? 0xffff_fff0 : n * 0x1000_0001) >>> 0;
    fc.assert(
      fc.property(fc.array(call, { maxLength: 80 }), fc.integer({ min: 1, max: 8 }), (calls, maxEntries) => {
        const store = new SlotStore<string>({ maxEntries, maxBytes: 1_000_000 });
        const oracle = new Oracle(maxEntries);
        for (const made of calls) {
          if ('text' in made) {
            store.setText(`k${made.text}`, hashOf(made.text), made.value, 1);
            oracle.set(`k${made.text}`, hashOf(made.text), made.value);
          } else if ('item' in made) {
            store.setItem(`k${made.item}`, hashOf(made.item), made.value, 10, 1);
            oracle.set(`k${made.item}`, hashOf(made.item), made.value);
          } else if ('get' in made) {
            const found = contentOf(store.get(`k${made.get}`, hashOf(made.get)));
            expect(found).toBe(oracle.get(`k${made.get}`, hashOf(made.get)));
          } else {
            const n = 'drop' in made ? made.drop : made.delete;
            if ('drop' in made) store.drop(hashOf(n));
            else store.delete(hashOf(n));
            oracle.entries.delete(hashOf(n));
            // A dropped entry keeps its place until it is asked for.
            const holder = Math.min(n, 10);
            for (const k of [holder, n]) expect(store.get(`k${k}`, hashOf(n))).toBeUndefined();
            store.delete(hashOf(n));
          }
          expect(store.entries).toBe(oracle.entries.size);
        }
        for (const [hash, { key: k, content }] of oracle.entries) expect(contentOf(store.get(k, hash))).toBe(content);
        store.clear();
        expect([store.entries, store.bytes]).toEqual([0, 0]);
      }),
    );
  });

  it('keeps to its bytes, the oldest leaving first, and does not store what is above them', () => {
    const store = new SlotStore<string>({ maxEntries: 1_000, maxBytes: 10_000 });
    for (let i = 0; i < 500; i++) {
      store.setText(`k${i}`, i + 1, 'v'.repeat(i), i);
      expect(store.bytes).toBeLessThanOrEqual(10_000);
    }
    expect(store.get('k499', 500)?.text).toBe('v'.repeat(499));
    expect(store.get('k0', 1)).toBeUndefined();
  });

  it('stores nothing that is above all bounds: what was there under the key goes, and everything else stays', () => {
    const store = new SlotStore<string>({ maxEntries: 1_000, maxBytes: 10_000 });
    const oversized = [
      () => store.setText('k0', 1, 'v'.repeat(20_000), 1),
      () => store.setItem('k0', 1, 'item', 20_000, 1),
      () => store.setItem('k0', 1, 'item', 10_000, 1),
    ];
    for (const setOversized of oversized) {
      for (let i = 0; i < 20; i++) store.setText(`k${i}`, i + 1, `v${i}`, i);
      setOversized();
      expect(store.get('k0', 1)).toBeUndefined();
      for (let i = 1; i < 20; i++) expect(store.get(`k${i}`, i + 1)?.text).toBe(`v${i}`);
      expect(store.entries).toBe(19);
      expect(store.bytes).toBeLessThanOrEqual(10_000);
    }
  });

  it('holds text in the memory it has, takes more for longer text, and gives back what is far too much', () => {
    const store = new SlotStore<string>(ROOMY);
    store.setText('k', 7, 'v'.repeat(100), 1);
    const { bytes: short } = store;
    store.setText('k', 7, 'v'.repeat(400), 1);
    const { bytes } = store;
    expect(bytes).toBeGreaterThan(short + 400);
    for (const length of [300, 400, 512]) {
      store.drop(7);
      store.setText('k', 7, 'w'.repeat(length), 2);
      expect(store.get('k', 7)?.text).toBe('w'.repeat(length));
      expect(store.bytes).toBe(bytes);
    }
    store.setText('k', 7, 'x'.repeat(10_000), 3);
    expect(store.bytes).toBeGreaterThan(bytes + 9_000);
    store.setText('k', 7, 'y'.repeat(300), 4);
    expect(store.bytes).toBe(bytes);
    store.setText('k', 7, 'z', 5);
    expect(store.get('k', 7)).toMatchObject({ text: 'z', storedAt: 5 });
    expect(store.bytes).toBe(short);
  });

  it('gives an empty text back as one', () => {
    const store = new SlotStore<string>(ROOMY);
    store.setText('k', 0, '', 1);
    expect(store.get('k', 0)).toEqual({ item: undefined, text: '', storedAt: 1 });
  });

  it('counts the memory that short text has left behind, and gives it back', () => {
    const maxBytes = 8 * 1_024 * 1_024;
    const before = heapInUse();
    const store = new SlotStore<string>({ maxEntries: 50_000, maxBytes });
    for (let i = 0; i < 50_000; i++) store.setText(`k${i}`, i, 'v'.repeat(100), i);
    for (let i = 0; i < 100; i++) store.setText(`long${i}`, 100_000 + i, 'v'.repeat(200_000), i);
    const cost = heapInUse() - before;
    expect(store.entries).toBeGreaterThan(30);
    // Its tables, which room for so many entries takes, are beside the point.
    expect(cost).toBeLessThan(1.1 * maxBytes + 50_000 * 60);
    expect(store.bytes).toBeLessThanOrEqual(maxBytes);
  });

  it('takes no memory anew for one key that is written and deleted in turn', () => {
    const store = new SlotStore<string>(ROOMY);
    const take = vi.spyOn(Buffer, 'allocUnsafeSlow');
    for (let i = 0; i < 50; i++) {
      store.setText('k', 7, 'v', i);
      store.delete(7);
    }
    expect(take.mock.calls).toHaveLength(1);
    take.mockRestore();
  });

  it('finds keys as fast if somebody chose them for their hashes', () => {
    const count = 16_384;
    const store = new SlotStore<string>({ maxEntries: count, maxBytes: 64 * 1_024 * 1_024 });
    const nsPerWrite = (hashOf: (i: number) => number): number => {
      store.clear();
      const rounds = Array.from({ length: 8 }, () => {
        const began = process.hrtime.bigint();
        for (let i = 0; i < count; i++) store.setText('k', hashOf(i), 'v', i);
        return Number(process.hrtime.bigint() - began) / count;
      });
      expect(store.entries).toBe(count);
      return Math.min(...rounds);
    };
    const spread = (i: number) => Math.imul(i, 0x9e37_79b1) >>> 0;
    nsPerWrite(spread);
    const usual = nsPerWrite(spread);
    for (const hashOf of [(i: number) => i << 17, (i: number) => i, (i: number) => (i << 15) >>> 0])
      expect(nsPerWrite(hashOf)).toBeLessThan(10 * usual + 1_000);
  });

  it.each([100, 1_000])('F5 counts what it costs: within 5 % for values of %i bytes', (length) => {
    const maxEntries = 10_000;
    // The middle of five, for garbage of others, and all of them kept: buffers are freed when it pleases the collector.
    const kept: SlotStore<string>[] = [];
    const ratios = Array.from({ length: 5 }, () => {
      const before = heapInUse();
      const store = new SlotStore<string>({ maxEntries, maxBytes: 64 * 1_024 * 1_024 });
      for (let i = 0; i < maxEntries; i++) {
        const key = Buffer.from(`shop:user:profile:${i}`).latin1Slice();
        store.setText(key, Math.imul(i, 0x9e37_79b1) >>> 0, 'v'.repeat(length), i + 0.5);
      }
      const cost = heapInUse() - before;
      kept.push(store);
      expect(store.entries).toBeGreaterThan(0.99 * maxEntries);
      return store.bytes / cost;
    }).sort((a, b) => a - b);
    expect(ratios[2]).toBeGreaterThan(0.95);
    expect(ratios[2]).toBeLessThan(1.05);
  });
});
