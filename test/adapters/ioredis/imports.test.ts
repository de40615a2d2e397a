/** However a program has ioredis, by name, by default or by `require`, it finds ours under the same names. */

import { createRequire } from 'node:module';
import * as theirs from 'ioredis';
import { expect, it } from 'vitest';
import Redis, * as ours from '../../../src/ioredis.js';

const names = (module: object): string[] => Object.keys(module).filter((name) => name !== '__esModule');

it('everything that ioredis exports is exported here', () => {
  expect(names(ours)).toEqual(expect.arrayContaining(names(theirs).filter((name) => name !== 'module.exports')));
  expect(Redis).toBe(ours.Redis);
  expect(Redis).not.toBe(theirs.Redis);
});

it('what require answers is the class with all names on it, as with ioredis', () => {
  const required = Reflect.get(ours, 'module.exports');
  expect(required).toBe(Redis);
  for (const name of names(ours).filter((name) => name !== 'module.exports'))
    expect([name, Reflect.get(required, name)]).toEqual([name, Reflect.get(ours, name)]);
  expect(names(createRequire(import.meta.url)('ioredis')).filter((name) => !(name in required))).toEqual([]);
});
