/** Keyvs on one cache, each in a namespace that no other uses, and which of their keys a node owns. */

import { Keyv } from 'keyv';
import type { Cache } from '../../src/index.js';
import { KeyvRingfence } from '../../src/keyv.js';
import type { TestServer } from '../../src/testing/servers/test-server.js';

export interface KeyvStores {
  next(namespace?: string): Keyv;
}

export function storesOver(cache: () => Cache): KeyvStores {
  let last = 0;
  return {
    next: (namespace = `n${last++}`) => new Keyv({ store: new KeyvRingfence({ cache: cache() }), namespace }),
  };
}

/** Of the node that a server is. */
export function nameOf(server: TestServer | undefined): string {
  return server === undefined ? '' : `${server.host}:${server.port}`;
}

/** Keyv 5 puts the namespace before the key, and the adapter puts it there once more. */
export function ownedBy(cache: Cache, node: string, keys: readonly string[], namespace: string): string[] {
  return keys.filter((key) => cache.ring.owners(`${namespace}:${namespace}:${key}`)[0] === node);
}
