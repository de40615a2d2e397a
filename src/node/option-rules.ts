/**
 * Options checked against a table: one rule a field, unknown fields refused, defaults filled in, the result frozen.
 * After `resolveOptions` nobody reads what the user passed.
 */

import { shown } from '../base/shown.js';
import { OptionError } from '../errors.js';

export interface OptionRule {
  /** Completes the sentence "must be …". */
  readonly says: string;
  holds(value: unknown): boolean;
}

export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER): OptionRule {
  const upTo = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  return { says: `an integer ${upTo}`, holds: (value) => Number.isInteger(value) && isWithin(value, min, max) };
}

/** An integer, or `Infinity` where that switches a rule off. */
export function integerOrInfinity(min: number): OptionRule {
  const finite = integer(min);
  return { says: `${finite.says} or Infinity`, holds: (value) => value === Infinity || finite.holds(value) };
}

/** A finite number, both ends included. */
export function number(min: number, max: number = Number.MAX_VALUE): OptionRule {
  const upTo = max === Number.MAX_VALUE ? `of at least ${min}` : `from ${min} to ${max}`;
  return { says: `a number ${upTo}`, holds: (value) => isWithin(value, min, max) };
}

/** A duration in milliseconds, or `Infinity` where that means "no limit". */
export function durationOrInfinity(min: number): OptionRule {
  return { says: `a number of milliseconds of at least ${min}, or Infinity`, holds: (v) => isWithin(v, min, Infinity) };
}

/** A share of a whole: above 0, at most 1. */
export const share: OptionRule = {
  says: 'a number above 0, at most 1',
  holds: (value) => isWithin(value, Number.MIN_VALUE, 1),
};

export function oneOf(words: readonly string[]): OptionRule {
  const list = words.map((word) => `'${word}'`).join(', ');
  return { says: `one of ${list}`, holds: (value) => typeof value === 'string' && words.includes(value) };
}

export const callback: OptionRule = { says: 'a function', holds: (value) => typeof value === 'function' };

export function either(first: OptionRule, second: OptionRule): OptionRule {
  return { says: `${first.says}, or ${second.says}`, holds: (value) => first.holds(value) || second.holds(value) };
}

/** What a user may pass for settings `T`, whose fields may all be missing or `undefined`. */
export type Loose<T> = { readonly [K in keyof T]?: T[K] | undefined };

/**
 * Checks `options` against `rules` and lays them over `defaults`.
 *
 * @throws OptionError naming the option as `path.field` (as `field` at the top, where `path` is empty), the legal values
 * and what it got.
 */
export function resolveOptions<T extends object>(
  path: string,
  options: Loose<T>,
  defaults: T,
  rules: { readonly [K in keyof T]: OptionRule },
): Readonly<T> {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new OptionError(path === '' ? 'options' : path, `must be an object, got ${shown(options)}`);
  }
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(rules, name)) continue;
    throw new OptionError(at(name), `is not an option; the options are ${Object.keys(rules).join(', ')}`);
  }
  const resolved: T = { ...defaults };
  for (const name in rules) {
    const value = options[name];
    if (value === undefined) continue;
    const rule = rules[name];
    if (!rule.holds(value)) throw new OptionError(at(name), `must be ${rule.says}, got ${shown(value)}`);
    resolved[name] = value as T[typeof name];
  }
  return Object.freeze(resolved);
}

function isWithin(value: unknown, min: number, max: number): boolean {
  return typeof value === 'number' && value >= min && value <= max;
}
