/**
 * The port between a node and the protocol it speaks.
 *
 * A `Driver` knows how to open connections to one node; a `Connection` is a disposable generation: opened, used, and
 * never reused after any error, stall or doubt about framing. Retries, queues, deadlines and reconnecting belong to the
 * node, never to a driver.
 *
 * Contract of every connection:
 * - operations take effect, and are settled, in the order sent; where a node is several servers, those on one key do;
 * - every operation sent is settled exactly once, by its own callbacks or by `fail`, and never inside `send`;
 * - nothing here throws: what cannot be sent is settled by `fail`;
 * - a callback of an operation never throws (the node sees to it).
 */

import type { CacheError } from '../errors.js';

/** Time to live in milliseconds; `NO_EXPIRY` (0) keeps the entry until it is deleted or evicted. */
export type TtlMs = number;
export const NO_EXPIRY: TtlMs = 0;

/** Asks for the bytes under a key. Consecutive gets of one `send` may travel as one request. */
export interface GetOperation {
  readonly kind: 'get';
  readonly key: string;
  /** Travels as a request of its own where the protocol would else say of an entry of another type that there is none. */
  readonly isExact?: boolean | undefined;
  /** The value is `bytes[start, end)`; valid only during this call: copy what you keep. */
  hit(bytes: Buffer, start: number, end: number): void;
  miss(): void;
  fail(error: CacheError): void;
}

/** What `inspect` tells of an entry. */
export interface Inspection {
  /** A copy of the bytes; empty unless the operation asked for the value. */
  readonly bytes: Buffer;
  /** Remaining time to live, `NO_EXPIRY` if it has none. */
  readonly ttlMs: TtlMs;
  /** The node's token for `compare`: changes with every write of this key there. */
  readonly token: string;
}

/** Asks for remaining time to live and version token, and for the value if `withValue`. */
export interface InspectOperation {
  readonly kind: 'inspect';
  readonly key: string;
  readonly withValue: boolean;
  found(entry: Inspection): void;
  miss(): void;
  fail(error: CacheError): void;
}

/**
 * `set` always, `add` only if absent, `replace` only if present, `compare` only if the token still matches, `leased` only
 * if the lease of the token still stands, which it ends.
 */
export type StoreMode = 'set' | 'add' | 'replace' | 'compare' | 'leased';

export interface StoreOperation {
  readonly kind: 'store';
  readonly key: string;
  readonly mode: StoreMode;
  readonly bytes: Buffer;
  /** The same as a string of one byte a character, where there is one: then nobody need ask for `bytes`, which costs more. */
  readonly latin1?: string | undefined;
  readonly ttlMs: TtlMs;
  /** The token of an `Inspection` for mode `compare`, of a lease for mode `leased`. */
  readonly token?: string | undefined;
  /** `false`: the condition did not hold. Always `true` for `set`. */
  done(stored: boolean): void;
  fail(error: CacheError): void;
}

export interface DeleteOperation {
  readonly kind: 'delete';
  readonly key: string;
  /** Whether there was an entry; a lease that is a `placeholder` (see `Capabilities`) counts as one. */
  done(existed: boolean): void;
  fail(error: CacheError): void;
}

/** Longest life of a lease. */
export const MAX_LEASE_MS = 2_000;

/** The lease was granted; or there is an entry; or another lease stands. */
export type Lease = { readonly token: string } | 'present' | 'held';

/**
 * Asks for the right to store a copy under a key that has no entry. Whatever is done to the key ends the lease: a delete,
 * also of nothing, and any store, its entry expired since or not. So a `leased` store lands only if nobody has written or
 * deleted the key since the lease was granted. To every other operation a lease is nothing: the key is missing.
 */
export interface LeaseOperation {
  readonly kind: 'lease';
  readonly key: string;
  /** At most `MAX_LEASE_MS`. */
  readonly ttlMs: TtlMs;
  done(lease: Lease): void;
  fail(error: CacheError): void;
}

export interface TouchOperation {
  readonly kind: 'touch';
  readonly key: string;
  readonly ttlMs: TtlMs;
  done(existed: boolean): void;
  fail(error: CacheError): void;
}

/**
 * Adds to a counter held as bare digits, 0 … 2^53 − 1. A result below 0 becomes 0. A missing counter starts at
 * `initial` (the delta is not applied to it) with `ttlMs`; without `initial` the answer is `undefined`.
 * An entry that is no counter fails with reason `wrong-type`; a result above 2^53 − 1 fails with `rejected`.
 */
export interface CountOperation {
  readonly kind: 'count';
  readonly key: string;
  readonly delta: number;
  readonly initial?: number | undefined;
  readonly ttlMs: TtlMs;
  done(value: number | undefined): void;
  fail(error: CacheError): void;
}

/** A command's name and arguments. */
export type Words = readonly (string | Buffer)[];

/** A command of the node's own protocol, words as they are; the reply as the protocol decodes it. */
export interface RawOperation {
  readonly kind: 'raw';
  /** The key the command concerns, '' if none. */
  readonly key: string;
  readonly words: Words;
  /** Commands that follow with nothing between them: the reply is then the list of all replies, refusals included. */
  readonly followers?: readonly Words[] | undefined;
  /** A refusal that concerns this command alone is a reply like others: a `CacheError`, whose text `refusalOf` knows. */
  readonly takesRefusals?: boolean | undefined;
  /** It concerns `key` and no other, so it need keep its place towards that key alone. @default false */
  readonly isOfOneKey?: boolean | undefined;
  done(reply: unknown): void;
  fail(error: CacheError): void;
}

export type Operation =
  | GetOperation
  | InspectOperation
  | StoreOperation
  | DeleteOperation
  | LeaseOperation
  | TouchOperation
  | CountOperation
  | RawOperation;

/** What a driver can do; the caller's side adapts, the driver never pretends. */
export interface Capabilities {
  /** Steps in which an expiry is kept: 1 on Redis, 1,000 on Memcached. */
  readonly ttlResolutionMs: number;
  /** Longest time to live the node takes. */
  readonly maxTtlMs: number;
  /** Whether `inspect` and `compare` work. */
  readonly compareAndSet: boolean;
  /** Whether `keys` works. */
  readonly enumeration: boolean;
  /** Whether `raw` works. */
  readonly raw: boolean;
  /**
   * Whether `lease` and mode `leased` work, and what other clients see of a lease: nothing (`hidden`), or an empty entry
   * that stands in their way (`placeholder`). @default no leases
   */
  readonly leases?: 'hidden' | 'placeholder' | undefined;
}

/** One life of the node's data: changes when the server restarts or another takes over its address. */
export interface Incarnation {
  readonly id: string;
  /** Proven to hold no entry when the connection opened. */
  readonly isEmpty: boolean;
}

export interface Connection {
  /** The server's own name for this connection, by which a later connection can make sure that it is gone. */
  readonly id: string | undefined;
  /** As seen when this connection opened; `undefined` if the node would not tell. */
  readonly incarnation: Incarnation | undefined;
  /** Largest value the node takes, envelope included; `undefined` if it has no limit worth knowing. */
  readonly maxValueBytes: number | undefined;
  /** Operations sent and not yet settled; where a node is several servers, each counts until all sent before it are settled. */
  readonly owed: number;
  /** Bytes received so far: tells a slow answer from a stalled one. */
  readonly bytesRead: number;
  readonly isOpen: boolean;

  /** Sends operations in order, with as few system calls as the protocol allows. On a closed connection they fail later in this turn or the next. */
  send(operations: readonly Operation[]): void;
  /** Gives up at once, by RST where there is a socket; all that is owed fails with `error` before this returns. Idempotent. */
  destroy(error: CacheError): void;
  /** Called once when the connection is no more, after all that was owed has failed; not called for `destroy`. Set by the owner. */
  onClose: ((error: CacheError) => void) | undefined;
  /** Called once for each piece of input that settled anything, after it did. Set by the owner. */
  onProgress: (() => void) | undefined;

  /** Keys on this node that begin with `prefix`, in batches; may repeat a key, miss one written meanwhile, or tell one that has only a lease. Rejects where not capable. */
  keys(prefix: string): AsyncIterable<string[]>;
  /** Makes sure that the abandoned connection `id` of this process executes nothing any more; `false` if that cannot be known. */
  ensureGone(id: string): Promise<boolean>;
}

export interface ConnectOptions {
  /** Aborted when the connect deadline passes or the node closes; covers look-up, TCP, TLS and the whole handshake. */
  readonly signal: AbortSignal;
}

export interface Driver {
  readonly kind: string;
  readonly capabilities: Capabilities;
  /** Loads what must be loaded once, before any deadline of connecting runs. */
  prepare?(): Promise<void>;
  /** Resolves once the node can serve; rejects with a `CacheError` and leaves no socket behind. */
  connect(options: ConnectOptions): Promise<Connection>;
}

/** A user name and password, or a function asked anew at each connect. */
export interface Credentials {
  readonly username?: string | undefined;
  readonly password: string;
}
export type CredentialsSource = Credentials | (() => Credentials | Promise<Credentials>);

/** How to reach a node; `path` is a unix socket and wins over host and port. Names are looked up anew at each connect. */
export interface Address {
  readonly host: string;
  readonly port: number;
  readonly path?: string | undefined;
}

export interface TlsOptions {
  readonly ca?: string | Buffer | readonly (string | Buffer)[] | undefined;
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
  readonly servername?: string | undefined;
  /** Accepts any certificate. @default false */
  readonly insecureSkipVerify?: boolean | undefined;
}
