/** Values that each codec stores, all different from one another. */

import type { CodecName } from '../../src/index.js';

export interface Samples {
  readonly codec: CodecName;
  /** The `i`th value. */
  value(i: number): unknown;
  /** What `get` makes of the counter `n`. */
  counter(n: number): unknown;
}

export const SAMPLES: readonly Samples[] = [
  {
    codec: 'json',
    value: (i) => ({ id: i, name: `Zoë ${i}`, tags: ['a', null, 1.5], nested: { isOn: i % 2 === 0 } }),
    counter: (n) => n,
  },
  { codec: 'string', value: (i) => `line ${i}\r\nEND\r\n☃ ${'x'.repeat(i)}`, counter: String },
  {
    codec: 'bytes',
    value: (i) => Buffer.from([i, 0, 13, 10, 255, 128, i]),
    counter: (n) => Buffer.from(String(n)),
  },
];
