import { describe, expect, it } from 'vitest';
import { formOf } from '../../../src/adapters/memjs/call-form.js';

const callback = () => undefined;

describe('the form of a call', () => {
  it('is a promise without a callback', () => {
    expect(formOf([])).toEqual({ callback: undefined, expires: undefined, initial: undefined, isOld: false });
    expect(formOf([{ expires: 5, initial: 3 }])).toEqual({ callback: undefined, expires: 5, initial: 3, isOld: false });
    expect(formOf([60])).toMatchObject({ callback: undefined, expires: undefined });
  });

  it('is options and a callback', () => {
    expect(formOf([{ expires: 5 }, callback])).toEqual({ callback, expires: 5, initial: undefined, isOld: false });
    for (const nothing of [undefined, null])
      expect(formOf([nothing, callback])).toEqual({ callback, expires: undefined, initial: undefined, isOld: false });
  });

  it('is as it was before version 1, whose expiry counts', () => {
    expect(formOf([callback])).toMatchObject({ callback, expires: undefined, isOld: true });
    expect(formOf([callback, 9, 4])).toEqual({ callback, expires: 9, initial: 4, isOld: true });
    expect(formOf([null, 9])).toMatchObject({ callback: null, expires: 9, isOld: true });
    expect(formOf([undefined, 9])).toMatchObject({ callback: null, expires: 9, isOld: true });
  });
});
