/**
 * The same operation with nobody listening: for what a node carries out after its caller has been told otherwise.
 */

import type { Operation } from '../driver.js';

function nobody(): void {}

export function silenced(operation: Operation): Operation {
  const { key } = operation;
  switch (operation.kind) {
    case 'get':
      return { kind: 'get', key, hit: nobody, miss: nobody, fail: nobody };
    case 'inspect':
      return { kind: 'inspect', key, withValue: false, found: nobody, miss: nobody, fail: nobody };
    case 'store': {
      const { mode, bytes, ttlMs, token } = operation;
      return { kind: 'store', key, mode, bytes, ttlMs, token, done: nobody, fail: nobody };
    }
    case 'delete':
      return { kind: 'delete', key, done: nobody, fail: nobody };
    case 'lease':
      return { kind: 'lease', key, ttlMs: operation.ttlMs, done: nobody, fail: nobody };
    case 'touch':
      return { kind: 'touch', key, ttlMs: operation.ttlMs, done: nobody, fail: nobody };
    case 'count': {
      const { delta, initial, ttlMs } = operation;
      return { kind: 'count', key, delta, initial, ttlMs, done: nobody, fail: nobody };
    }
    case 'raw':
      return { kind: 'raw', key, words: operation.words, done: nobody, fail: nobody };
  }
}
