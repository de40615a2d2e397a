import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MetaEncoder } from '../../../src/driver/memcached/meta-encoder.js';
import type { RequestSink } from '../../../src/driver/memcached/request-buffer.js';

/** Keeps what was written, each write for itself. `writableLength` is what a slow socket would still hold. */
class Sink implements RequestSink {
  writableLength = 0;
  readonly writes: Buffer[] = [];
  cork(): void {}
  uncork(): void {}
  write(bytes: Buffer): void {
    this.writes.push(bytes);
  }
  get text(): string {
    return Buffer.concat(this.writes).latin1Slice();
  }
}

function encoded(write: (encoder: MetaEncoder) => void): string {
  const encoder = new MetaEncoder();
  write(encoder);
  const sink = new Sink();
  encoder.flush(sink);
  return sink.text;
}

const nothing = { done: () => undefined, fail: () => undefined };
const store = (key: string, bytes: Buffer, mode: 'set' | 'add' | 'replace' = 'set') =>
  ({ kind: 'store', key, mode, bytes, ttlMs: 0, ...nothing }) as const;

describe('meta requests', () => {
  it('have the form that memcached reads, one for each operation', () => {
    const value = Buffer.from('v\r\n');
    const count = { kind: 'count', key: 'k', ttlMs: 0, ...nothing } as const;
    const cases: [(encoder: MetaEncoder) => void, string][] = [
      [(e) => e.get('k', 1234), 'mg k v O1234\r\n'],
      [(e) => e.get('k k', 1234), 'mg ayBr b v O1234\r\n'],
      [(e) => e.inspect('k', true, 1234), 'mg k t c f v O1234\r\n'],
      [(e) => e.inspect('k', false, 1234), 'mg k t c f O1234\r\n'],
      [(e) => e.store(store('k', value), 0, 1234), 'ms k 3 O1234\r\nv\r\n\r\n'],
      [(e) => e.store(store('k k', value), 60, 1234), 'ms ayBr 3 b T60 O1234\r\nv\r\n\r\n'],
      [(e) => e.store(store('k', value, 'add'), 60, 1234), 'ms k 3 T60 ME O1234\r\nv\r\n\r\n'],
      [(e) => e.store(store('k', value, 'replace'), 0, 1234), 'ms k 3 MR O1234\r\nv\r\n\r\n'],
      [
        (e) => e.store({ ...store('k', value), mode: 'compare', token: '77' }, 2_147_483_647, 1234),
        'ms k 3 T2147483647 C77 O1234\r\nv\r\n\r\n',
      ],
      [
        (e) => e.store({ ...store('k', value), mode: 'compare', token: '7', clientFlags: 3 }, 0, 1234),
        'ms k 3 C7 F3 O1234\r\nv\r\n\r\n',
      ],
      [(e) => e.delete('k', 9999), 'md k O9999\r\n'],
      [(e) => e.delete('k', 9999, '12'), 'md k C12 O9999\r\n'],
      [(e) => e.lease('k', 2, 9999), 'mg k N2 c O9999\r\n'],
      [(e) => e.touch('k', 0, 9999), 'mg k T0 c O9999\r\n'],
      [(e) => e.count({ ...count, delta: 0 }, 0, 1000), 'ma k D0 v O1000\r\n'],
      [(e) => e.count({ ...count, delta: -5 }, 0, 1000), 'ma k MD D5 v O1000\r\n'],
      [
        (e) => e.count({ ...count, delta: Number.MAX_SAFE_INTEGER, initial: 0 }, 9, 1000),
        'ma k D9007199254740991 N9 J0 v O1000\r\n',
      ],
      [(e) => e.line('stats settings'), 'stats settings\r\n'],
    ];
    for (const [write, text] of cases) expect(encoded(write)).toBe(text);
    const together = encoded((encoder) => {
      for (const [write] of cases) write(encoder);
    });
    expect(together).toBe(cases.map(([, text]) => text).join(''));
  });

  it('are written whole or not at all: an unfit key leaves no byte', () => {
    const text = encoded((encoder) => {
      expect(encoder.get('a', 1000)).toBe(true);
      expect(encoder.get('', 1001)).toBe(false);
      expect(encoder.store(store('k'.repeat(188), Buffer.from('flush_all\r\n')), 0, 1001)).toBe(false);
      expect(encoder.delete(`\n${'é'.repeat(93)}`, 1001)).toBe(false);
      expect(encoder.get('b', 1001)).toBe(true);
    });
    expect(text).toBe('mg a v O1000\r\nmg b v O1001\r\n');
  });

  it('leave in one write, large values apart, and in order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 60_000 }), { maxLength: 12 }), (sizes) => {
        const encoder = new MetaEncoder();
        const sink = new Sink();
        let expected = '';
        for (const [index, size] of sizes.entries()) {
          const value = Buffer.alloc(size, 97 + (index % 26));
          encoder.store(store(`k${index}`, value), 0, 1000);
          encoder.get('k', 1001);
          expected += `ms k${index} ${size} O1000\r\n${value.latin1Slice()}\r\nmg k v O1001\r\n`;
        }
        encoder.flush(sink);
        expect(sink.text === expected).toBe(true);
        expect(sink.writes.length).toBeLessThanOrEqual(1 + 2 * sizes.filter((size) => size >= 16_384).length);
      }),
    );
  });

  it('are not overwritten while the socket still holds them', () => {
    const encoder = new MetaEncoder();
    const slow = new Sink();
    slow.writableLength = 1;
    encoder.get('first', 1000);
    encoder.flush(slow);
    encoder.get('other', 1001);
    encoder.flush(slow);
    expect(slow.text).toBe('mg first v O1000\r\nmg other v O1001\r\n');
  });

  it('for TLS come in pieces that hold whole requests within a record, or parts of a single one', () => {
    const RECORD = 16_384;
    const size = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 40_000 }));
    fc.assert(
      fc.property(fc.array(size, { minLength: 1, maxLength: 200 }), (sizes) => {
        const encoder = new MetaEncoder(RECORD);
        const sink = new Sink();
        const ends = new Set<number>([0]);
        let end = 0;
        for (const [index, valueBytes] of sizes.entries()) {
          const request = `ms k${index} ${valueBytes} O1000\r\n`;
          encoder.store(store(`k${index}`, Buffer.alloc(valueBytes, 97)), 0, 1000);
          end += request.length + valueBytes + 2;
          ends.add(end);
        }
        encoder.flush(sink);
        let at = 0;
        for (const piece of sink.writes) {
          const from = at;
          at += piece.length;
          const endsInside = [...ends].filter((position) => position > from && position < at);
          // Either it ends with a request and fits a record, or no request ends before its last byte.
          if (endsInside.length > 0) expect(ends.has(at) && ends.has(from) && piece.length <= RECORD).toBe(true);
        }
        expect(at).toBe(end);
      }),
      { numRuns: 200 },
    );
  });
});
