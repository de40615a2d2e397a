/** One operation as a request, or as the outcome that needs none: what the server would refuse must not leave, see key-token.ts. */

import { type CountOperation, MAX_LEASE_MS, NO_EXPIRY, type Operation, type StoreOperation } from '../driver.js';
import { LONGEST_KEY_BYTES, MAX_KEY_BYTES } from './key-token.js';
import { illegalCount, illegalKey, illegalStore, illegalTtl, refused } from './legality.js';
import { FLAG_BYTES } from './memcached-options.js';
import { MetaEncoder } from './meta-encoder.js';
import { type KnownOutcome, known } from './owed.js';
import { guardOf } from './placeholder.js';
import { rawLine } from './raw-command.js';
import { isTtl, type ServerTime } from './server-time.js';

export class MetaRequests {
  readonly encoder: MetaEncoder;
  readonly time: ServerTime;
  /** Largest item the server takes, as far as it told; flags in front of a value are not in the item. */
  private itemBytes = Number.POSITIVE_INFINITY;
  private readonly flagBytes: number;
  private readonly maxKeyBytes: number;

  constructor(pieceBytes: number | undefined, { time, isVerbatim }: { time: ServerTime; isVerbatim: boolean }) {
    this.encoder = new MetaEncoder(pieceBytes, isVerbatim);
    this.time = time;
    this.flagBytes = isVerbatim ? FLAG_BYTES : 0;
    this.maxKeyBytes = isVerbatim ? LONGEST_KEY_BYTES : MAX_KEY_BYTES;
  }

  limit(itemBytes: number): void {
    this.itemBytes = itemBytes + this.flagBytes;
  }

  /** Whether the server would take the store, its key aside. */
  isLegal(operation: StoreOperation): boolean {
    return illegalStore(operation, this.itemBytes) === undefined;
  }

  /** Encodes; what it answers, if anything, takes the place of a request. */
  write(operation: Operation, opaque: number): KnownOutcome | undefined {
    const { encoder, time } = this;
    switch (operation.kind) {
      case 'get':
        return encoder.get(operation.key, opaque) ? undefined : this.#illegalKey(operation);
      case 'store':
        return this.#store(operation, opaque);
      case 'delete':
        return encoder.delete(operation.key, opaque, guardOf(operation)) ? undefined : this.#illegalKey(operation);
      case 'inspect':
        return encoder.inspect(operation.key, operation.withValue, opaque) ? undefined : this.#illegalKey(operation);
      case 'lease':
        if (!isTtl(operation.ttlMs) || operation.ttlMs === NO_EXPIRY) return illegalTtl(operation);
        return encoder.lease(operation.key, time.expiry(Math.min(operation.ttlMs, MAX_LEASE_MS)), opaque)
          ? undefined
          : this.#illegalKey(operation);
      case 'touch':
        if (!isTtl(operation.ttlMs)) return illegalTtl(operation);
        return encoder.touch(operation.key, time.expiry(operation.ttlMs), opaque)
          ? undefined
          : this.#illegalKey(operation);
      case 'count':
        return this.#count(operation, opaque);
      case 'raw': {
        const line = rawLine(operation.words);
        if (line === undefined)
          return refused(operation, 'not a command of one line with one reply that this connection may send');
        encoder.line(line);
        return undefined;
      }
    }
  }

  #illegalKey(operation: Operation): KnownOutcome {
    return illegalKey(operation, this.maxKeyBytes);
  }

  #store(operation: StoreOperation, opaque: number): KnownOutcome | undefined {
    // A token that is none of ours matches no entry, and must not reach a server that would refuse the header for it.
    if ((operation.mode === 'compare' || operation.mode === 'leased') && !isToken(operation.token ?? ''))
      return known(operation, () => operation.done(false));
    const illegal = illegalStore(operation, this.itemBytes);
    if (illegal !== undefined) return illegal;
    return this.encoder.store(operation, this.time.expiry(operation.ttlMs), opaque)
      ? undefined
      : this.#illegalKey(operation);
  }

  #count(operation: CountOperation, opaque: number): KnownOutcome | undefined {
    const illegal = illegalCount(operation);
    if (illegal !== undefined) return illegal;
    return this.encoder.count(operation, this.time.expiry(operation.ttlMs), opaque)
      ? undefined
      : this.#illegalKey(operation);
  }
}

const LARGEST_TOKEN = String(2n ** 64n - 1n);

/** Whether it is a number of 64 bits, as CAS values are. */
function isToken(token: string): boolean {
  return /^\d{1,20}$/.test(token) && (token.length < LARGEST_TOKEN.length || token <= LARGEST_TOKEN);
}
