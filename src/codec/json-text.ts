/**
 * JSON, guarded at both ends: what JSON cannot express is a typed error instead of a silent loss, and what comes back can
 * neither change a prototype, nor pollute one when it is copied, nor overflow a stack.
 */

import { CacheError } from '../errors.js';
import { CORRUPT } from './transcoder.js';

/** @throws CacheError `ERR_INVALID_VALUE`, or `ERR_VALUE_TOO_LARGE` for a text beyond the longest string. */
export function writeJson(value: unknown, key: string): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw refusal(cause, key);
  }
  if (text === undefined) throw notJson(value, key);
  if (text === '{}' && isEmptiedByJson(value)) throw notJson(value, key);
  return text;
}

/** Kinds of object that JSON writes as `{}`, whatever they hold. */
function isEmptiedByJson(value: unknown): boolean {
  return (
    value instanceof Map ||
    value instanceof Set ||
    value instanceof Promise ||
    value instanceof ArrayBuffer ||
    value instanceof SharedArrayBuffer
  );
}

function notJson(value: unknown, key: string): CacheError {
  const kind = typeof value === 'object' ? Object.prototype.toString.call(value).slice(8, -1) : typeof value;
  return new CacheError('ERR_INVALID_VALUE', `codec json cannot store a value of kind ${kind}`, { key });
}

function refusal(cause: unknown, key: string): CacheError {
  if (cause instanceof RangeError && cause.message.includes('string length')) {
    return new CacheError('ERR_VALUE_TOO_LARGE', 'the value as JSON exceeds the longest string', { key, cause });
  }
  const reason = cause instanceof RangeError ? 'nested too deep' : 'cyclic, holds a BigInt, or its toJSON threw';
  return new CacheError('ERR_INVALID_VALUE', `codec json cannot store the value: ${reason}`, { key, cause });
}

/**
 * Text that may hold a `__proto__` key or a `prototype` inside a `constructor`: literally, or behind an escape, since any
 * character of either can only be escaped as `\u00…`.
 */
const SUSPECT = /proto|\\u00/;

/** Nesting beyond this is corrupt; `JSON.stringify` itself gives up at some 5,000 levels on Node 20. */
const MAX_DEPTH = 10_000;

/** The value of `text`, or `CORRUPT`. Never throws. */
export function readJson(text: string): unknown {
  if (text.length > 2 * MAX_DEPTH && isTooDeep(text)) return CORRUPT;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return CORRUPT;
  }
  if (typeof value === 'object' && value !== null && SUSPECT.test(text)) defuse(value);
  return value;
}

/** Removes `__proto__` keys, and `prototype` from objects under `constructor`, without recursion. */
function defuse(root: object): void {
  const pending: object[] = [root];
  for (let holder = pending.pop(); holder !== undefined; holder = pending.pop()) {
    Reflect.deleteProperty(holder, '__proto__');
    for (const [name, child] of Object.entries(holder)) {
      if (typeof child !== 'object' || child === null) continue;
      if (name === 'constructor') Reflect.deleteProperty(child, 'prototype');
      pending.push(child);
    }
  }
}

/** Counts brackets first, hopping from one to the next: only a text with enough of them can be deep. */
function isTooDeep(text: string): boolean {
  const openers = countUpTo(text, '[', MAX_DEPTH + 1);
  return openers + countUpTo(text, '{', MAX_DEPTH + 1) > MAX_DEPTH && depthExceeds(text);
}

function countUpTo(text: string, bracket: string, limit: number): number {
  let count = 0;
  for (let at = text.indexOf(bracket); at >= 0 && count < limit; at = text.indexOf(bracket, at + 1)) count++;
  return count;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

function depthExceeds(text: string): boolean {
  let depth = 0;
  let isInString = false;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (isInString) {
      if (unit === BACKSLASH) i++;
      else if (unit === QUOTE) isInString = false;
    } else if (unit === QUOTE) isInString = true;
    // '[' and '{' differ in bit 5 only, and so do ']' and '}'.
    else if ((unit | 0x20) === 0x7b && ++depth > MAX_DEPTH) return true;
    else if ((unit | 0x20) === 0x7d) depth--;
  }
  return false;
}
