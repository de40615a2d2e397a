/**
 * Versions as users hold them: opaque text of node, life of the node's data, and the node's own token. A token means
 * nothing on another node, nor after a restart, so any mismatch makes `compareAndSet` answer `false` (rule R10).
 */

import { CacheError, OptionError } from '../errors.js';
import type { CacheNode } from '../node/cache-node.js';

const VERSION = /^([^!]+)!([^!]*)!([^!]+)$/;

export function versionOf(node: CacheNode, token: string): string {
  return [node.name, node.connection?.incarnation?.id ?? '', token].map(encodeURIComponent).join('!');
}

/** The node's token, if the version is of this node and of this life of its data. @throws OptionError if it is no version at all; CacheError if the node cannot be reached */
export function parseVersion(version: unknown, node: CacheNode, anyNode = false): string | undefined {
  const parts = typeof version === 'string' ? VERSION.exec(version) : null;
  if (parts === null) throw new OptionError('version', 'must be a version that getEntry gave');
  const [name, incarnation, token] = decoded(parts.slice(1));
  if (anyNode) return token;
  if (name !== node.name) return undefined;
  // Which life of its data the node is in is not known while it is out of reach: `false` would be a guess.
  if (node.connection === undefined)
    throw new CacheError('ERR_UNAVAILABLE', `node ${name} cannot be reached`, { node: name, cause: node.lastError });
  return incarnation === (node.connection.incarnation?.id ?? '') ? token : undefined;
}

/** @throws OptionError */
function decoded(parts: readonly string[]): string[] {
  try {
    return parts.map(decodeURIComponent);
  } catch {
    throw new OptionError('version', 'must be a version that getEntry gave');
  }
}
