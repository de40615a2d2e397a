/**
 * The order in which the owners of one key are asked: the preferred one first, those that cannot serve now last, each
 * once. A node that is known to be down costs nothing to ask: it fails before the asking returns.
 */

import type { CacheNode } from '../node/cache-node.js';

/** Whom to ask first: the first owner, any owner in turn, or an owner in a zone of ours. */
export type ReadPreference = 'primary' | 'any' | { readonly zone: string };

export class OwnerWalk {
  readonly #left: CacheNode[];

  constructor(owners: readonly CacheNode[], preference: ReadPreference, turn: number) {
    this.#left = preferred(owners, preference, turn);
  }

  /** The next owner, or `undefined` when all were asked. */
  next(): CacheNode | undefined {
    let serving = this.#left.findIndex((node) => node.isServing && !node.isSlow);
    if (serving < 0) serving = this.#left.findIndex((node) => node.isServing);
    return serving > 0 ? this.#left.splice(serving, 1)[0] : this.#left.shift();
  }

  /** Never asks `node`: it was asked already, or must not be trusted with this key. */
  leaveOut(node: CacheNode): void {
    const at = this.#left.indexOf(node);
    if (at >= 0) this.#left.splice(at, 1);
  }
}

function preferred(owners: readonly CacheNode[], preference: ReadPreference, turn: number): CacheNode[] {
  if (preference === 'primary') return [...owners];
  if (preference === 'any') {
    const first = turn % owners.length;
    return [...owners.slice(first), ...owners.slice(0, first)];
  }
  const isNear = (node: CacheNode): boolean => node.zone === preference.zone;
  return [...owners.filter(isNear), ...owners.filter((node) => !isNear(node))];
}
