/**
 * A connection of the driver port with promises in place of callbacks, for tests and scripts. It adds nothing else: no
 * deadline, no retry. A value is copied out of `hit`; a miss is `undefined`.
 */

import type { Connection, CountOperation, Inspection, Lease, Operation, StoreMode, TtlMs } from '../driver/driver.js';
import { MAX_LEASE_MS, NO_EXPIRY } from '../driver/driver.js';
import type { CacheError } from '../errors.js';

export interface StoreChoice {
  /** @default 'set' */
  readonly mode?: StoreMode;
  /** @default NO_EXPIRY */
  readonly ttlMs?: TtlMs;
  readonly token?: string;
}

export type CountChoice = Partial<Pick<CountOperation, 'initial' | 'ttlMs'>>;

/** Makes one operation and tells its outcome. */
export type Ask<T> = (resolve: (value: T) => void, reject: (error: CacheError) => void) => Operation;

export class PromisedConnection {
  readonly connection: Connection;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  get(key: string): Promise<Buffer | undefined> {
    return this.send(askGet(key));
  }

  inspect(key: string, withValue = true): Promise<Inspection | undefined> {
    return this.send(askInspect(key, withValue));
  }

  /** Whether it was stored. */
  store(key: string, value: Buffer | string, choice: StoreChoice = {}): Promise<boolean> {
    return this.send(askStore(key, value, choice));
  }

  delete(key: string): Promise<boolean> {
    return this.send(askDelete(key));
  }

  lease(key: string, ttlMs: TtlMs = MAX_LEASE_MS): Promise<Lease> {
    return this.send(askLease(key, ttlMs));
  }

  touch(key: string, ttlMs: TtlMs): Promise<boolean> {
    return this.send(askTouch(key, ttlMs));
  }

  count(key: string, delta: number, choice: CountChoice = {}): Promise<number | undefined> {
    return this.send(askCount(key, delta, choice));
  }

  raw(...words: (string | Buffer)[]): Promise<unknown> {
    return this.send((done, fail) => ({ kind: 'raw', key: '', words, done, fail }));
  }

  /** Sends one operation. */
  send<T>(ask: Ask<T>): Promise<T> {
    return this.sendAll([ask])[0]!;
  }

  /** Sends operations together, in one `send` of the connection. */
  sendAll<T>(asks: readonly Ask<T>[]): Promise<T>[] {
    const operations: Operation[] = [];
    const outcomes = asks.map((ask) => new Promise<T>((resolve, reject) => operations.push(ask(resolve, reject))));
    this.connection.send(operations);
    return outcomes;
  }
}

export function askGet(key: string): Ask<Buffer | undefined> {
  return (resolve, fail) => ({
    kind: 'get',
    key,
    hit: (bytes, start, end) => resolve(Buffer.from(bytes.subarray(start, end))),
    miss: () => resolve(undefined),
    fail,
  });
}

export function askInspect(key: string, withValue: boolean): Ask<Inspection | undefined> {
  return (found, fail) => ({ kind: 'inspect', key, withValue, found, miss: () => found(undefined), fail });
}

export function askStore(key: string, value: Buffer | string, choice: StoreChoice = {}): Ask<boolean> {
  const { mode = 'set', ttlMs = NO_EXPIRY, token } = choice;
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return (done, fail) => ({ kind: 'store', key, mode, bytes, ttlMs, token, done, fail });
}

export function askDelete(key: string): Ask<boolean> {
  return (done, fail) => ({ kind: 'delete', key, done, fail });
}

export function askLease(key: string, ttlMs: TtlMs = MAX_LEASE_MS): Ask<Lease> {
  return (done, fail) => ({ kind: 'lease', key, ttlMs, done, fail });
}

export function askTouch(key: string, ttlMs: TtlMs): Ask<boolean> {
  return (done, fail) => ({ kind: 'touch', key, ttlMs, done, fail });
}

export function askCount(key: string, delta: number, choice: CountChoice = {}): Ask<number | undefined> {
  const { initial, ttlMs = NO_EXPIRY } = choice;
  return (done, fail) => ({ kind: 'count', key, delta, initial, ttlMs, done, fail });
}
