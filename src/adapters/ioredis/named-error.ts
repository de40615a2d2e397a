/** A driver knows where its server is, not what we call it; its errors concern one node and no other. */

import type { CacheError } from '../../errors.js';

/** The same error, with the node's name unless it bears one. */
export function named<E extends CacheError>(error: E, node: string): E {
  if (error.node === undefined)
    Reflect.defineProperty(error, 'node', { value: node, enumerable: true, configurable: true });
  return error;
}
