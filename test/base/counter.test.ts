import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isCounter, isCounterValue, readCounter, writeCounter } from '../../src/base/counter.js';

function isCounterText(text: string): boolean {
  const bytes = Buffer.from(`<${text}>`, 'latin1');
  return isCounter(bytes, 1, bytes.length - 1);
}

describe('counters', () => {
  it('are written and read back exactly, padded by Memcached or not', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.nat({ max: 4 }), (value, padding) => {
        expect(isCounterValue(value)).toBe(true);
        const bytes = Buffer.concat([writeCounter(value), Buffer.alloc(padding, ' ')]);
        expect(isCounter(bytes, 0, bytes.length)).toBe(true);
        expect(readCounter(bytes, 0, bytes.length)).toBe(value);
      }),
    );
  });

  it.each(['0', '9', '99 ', '9007199254740991', '1                    '])('take %j for one', (text) => {
    expect(isCounterText(text)).toBe(true);
  });

  it.each([
    '',
    ' ',
    ' 9',
    '-1',
    '+1',
    '00',
    '007',
    '1.5',
    '1e3',
    '9 9',
    '9\n',
    'x',
    '0x1f',
    '9007199254740992',
    '9999999999999999',
    '10000000000000000',
    '18446744073709551615',
  ])('do not take %j for one', (text) => {
    expect(isCounterText(text)).toBe(false);
  });

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('do not hold %d', (value) => {
    expect(isCounterValue(value)).toBe(false);
  });

  it('hold minus zero as zero', () => {
    expect(isCounterValue(-0)).toBe(true);
    expect(writeCounter(-0).toString()).toBe('0');
  });
});
