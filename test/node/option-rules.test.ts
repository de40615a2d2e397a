import { describe, expect, it } from 'vitest';
import { OptionError } from '../../src/errors.js';
import { callback, either, integer, number, oneOf, resolveOptions, share } from '../../src/node/option-rules.js';

interface Settings {
  readonly count: number;
  readonly part: number;
  readonly mode: 'a' | 'b' | (() => number);
  readonly ms: number;
}

const DEFAULTS: Settings = { count: 3, part: 0.5, mode: 'a', ms: 10 };
const RULES = { count: integer(1, 9), part: share, mode: either(oneOf(['a', 'b']), callback), ms: number(0) };

describe('resolved options', () => {
  it('are the defaults where nothing or undefined is given, and frozen', () => {
    const settings = resolveOptions('x', { count: undefined, part: 1 }, DEFAULTS, RULES);
    expect(settings).toEqual({ ...DEFAULTS, part: 1 });
    expect(Object.isFrozen(settings)).toBe(true);
  });

  it.each([
    [{ count: 0 }, 'x.count', 'must be an integer from 1 to 9, got 0'],
    [{ count: 1.5 }, 'x.count', 'must be an integer from 1 to 9, got 1.5'],
    [{ part: Number.NaN }, 'x.part', 'must be a number above 0, at most 1, got NaN'],
    [{ mode: 'c' as 'a' }, 'x.mode', "must be one of 'a', 'b', or a function, got 'c'"],
    [{ ms: Infinity }, 'x.ms', 'must be a number of at least 0, got Infinity'],
  ])('say what was wrong: %j', (options, path, message) => {
    const resolve = () => resolveOptions('x', options, DEFAULTS, RULES);
    expect(resolve).toThrow(new OptionError(path, message));
  });

  it('refuse a name that is only known to every object', () => {
    const odd: { count: number } = JSON.parse('{ "count": 2, "__proto__": {}, "toString": 1 }');
    expect(() => resolveOptions('x', odd, DEFAULTS, RULES)).toThrow('x.__proto__: is not an option');
  });

  it('refuse what is no object', () => {
    expect(() => resolveOptions<Settings>('x', JSON.parse('null'), DEFAULTS, RULES)).toThrow('x: must be an object');
  });
});
