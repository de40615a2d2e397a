import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { secondHash } from '../../../src/base/string-hash.js';
import { NOT_FOUND, RecordSegment, tagOf } from '../../../src/cluster/ledger/record-segment.js';

const WIDTH = 3;

/** Few homes, so that probes run into each other and around the end. */
const key = fc.constantFrom(...Array.from({ length: 40 }, (_, i) => `key ${i}`));
const hashOf = (text: string): number => (secondHash(text) % 5) * 0x1000_0007;

describe('RecordSegment', () => {
  it('holds what a map would hold, through growth and removal', () => {
    const step = fc.tuple(fc.constantFrom('put', 'put', 'remove', 'sweep'), key, fc.nat(100));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
        const segment = new RecordSegment(WIDTH);
        const model = new Map<string, number>();
        for (const [what, text, value] of steps) {
          const at = segment.find(tagOf(hashOf(text)), text);
          if (what === 'put') {
            const place = at === NOT_FOUND ? segment.insert(tagOf(hashOf(text)), secondHash(text)) : at;
            segment.words[place + 2] = value;
            model.set(text, value);
          } else if (what === 'remove') {
            if (at !== NOT_FOUND) segment.remove(at);
            model.delete(text);
          } else {
            const gone = segment.removeWhere((words, place) => words[place + 2] === value);
            const before = model.size;
            for (const [name, held] of model) if (held === value) model.delete(name);
            expect(gone).toBe(before - model.size);
          }
        }
        expect(segment.size).toBe(model.size);
        for (let i = 0; i < 40; i++) {
          const text = `key ${i}`;
          const at = segment.find(tagOf(hashOf(text)), text);
          expect(at === NOT_FOUND ? undefined : segment.words[at + 2]).toBe(model.get(text));
          expect(segment.findSecond(tagOf(hashOf(text)), secondHash(text))).toBe(at);
        }
      }),
    );
  });

  it('keeps its load at three fifths at most', () => {
    const segment = new RecordSegment(WIDTH);
    for (let i = 1; i <= 1_000; i++) {
      segment.insert(i, 0);
      expect(segment.size / segment.places).toBeLessThanOrEqual(0.6);
    }
  });

  it('gives new records zeroed data where an old one was removed', () => {
    const segment = new RecordSegment(WIDTH);
    segment.words[segment.insert(5, 1) + 2] = 99;
    segment.remove(segment.findSecond(5, 1));
    expect(segment.words[segment.insert(5, 2) + 2]).toBe(0);
  });

  it('takes the hash 0, which marks empty places, for 1', () => {
    expect([0, 1, 2, 0xffff_ffff].map(tagOf)).toEqual([1, 1, 2, 0xffff_ffff]);
  });
});
