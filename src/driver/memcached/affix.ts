/**
 * `append` and `prepend`, which the port knows as raw commands only: `['append', key, value]`, key and value as they are,
 * answered by `STORED`, or by `NOT_STORED` where there is nothing to add to.
 *
 * An affix stores as a `replace` does: it looks first, since a lease of somebody is an entry to the server (see placeholder.ts)
 * and a value must not begin in it.
 */

import { NO_EXPIRY, type RawOperation, type StoreOperation } from '../driver.js';

export type Affix = 'append' | 'prepend';

/** A `replace` that adds to the end or the beginning of what is there. */
export interface AffixStore extends StoreOperation {
  readonly affix: Affix;
}

export function isAffix(operation: StoreOperation): operation is AffixStore {
  return 'affix' in operation;
}

export function affixReply(isStored: boolean): string {
  return isStored ? 'STORED' : 'NOT_STORED';
}

export interface AffixWords {
  readonly affix: Affix;
  readonly key: string;
  readonly bytes: Buffer;
}

export function affixWords({ words }: RawOperation): AffixWords | undefined {
  const [affix, key, bytes] = words;
  if ((affix !== 'append' && affix !== 'prepend') || words.length !== 3) return undefined;
  return typeof key === 'string' && Buffer.isBuffer(bytes) ? { affix, key, bytes } : undefined;
}

/** `undefined` for any other raw command. */
export function affixStore(operation: RawOperation): AffixStore | undefined {
  const words = affixWords(operation);
  if (words === undefined) return undefined;
  return {
    kind: 'store',
    mode: 'replace',
    ttlMs: NO_EXPIRY,
    ...words,
    done: (isStored) => operation.done(affixReply(isStored)),
    fail: (error) => operation.fail(error),
  };
}
