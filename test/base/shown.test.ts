import { expect, it } from 'vitest';
import { shown } from '../../src/base/shown.js';

it.each([
  ['text', "'text'"],
  ['x'.repeat(65), `'${'x'.repeat(64)}…'`],
  [5n, '5'],
  [Symbol('s'), 'Symbol(s)'],
  [undefined, 'undefined'],
  [null, 'null'],
  [Number.NaN, 'NaN'],
  [[1], 'an array'],
  [{ password: 'secret' }, 'an object'],
  [Object.create(null), 'an object'],
  [
    {
      toString() {
        throw new Error('a trap');
      },
    },
    'an object',
  ],
  [() => 'secret', 'a function'],
])('shows %o without a risk', (value, text) => {
  expect(shown(value)).toBe(text);
});
