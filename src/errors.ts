/**
 * Every error a caller can meet, and `faultOf`, which sorts them by what they discredit.
 *
 * A miss is a value, never an error. Each error carries a literal `code`; `node`, `key` and `cause` where they apply.
 * No error ever carries a stored value, a password or the arguments of a command.
 */

export type ErrorCode =
  | 'ERR_INVALID_KEY'
  | 'ERR_INVALID_VALUE'
  | 'ERR_INVALID_OPTION'
  | 'ERR_VALUE_TOO_LARGE'
  | 'ERR_TIMEOUT'
  | 'ERR_ABORTED'
  | 'ERR_BREAKER_OPEN'
  | 'ERR_BULKHEAD_FULL'
  | 'ERR_RATE_LIMITED'
  | 'ERR_NODE'
  | 'ERR_UNAVAILABLE'
  | 'ERR_INDETERMINATE'
  | 'ERR_CROSS_NODE'
  | 'ERR_CLOSED';

export interface ErrorContext {
  readonly node?: string | undefined;
  readonly key?: string | undefined;
  readonly cause?: unknown;
}

/** Base of all errors of this library. */
export class CacheError extends Error {
  readonly code: ErrorCode;
  readonly node: string | undefined;
  readonly key: string | undefined;

  constructor(code: ErrorCode, message: string, context: ErrorContext = {}) {
    super(message, context.cause === undefined ? undefined : { cause: context.cause });
    this.code = code;
    this.node = context.node;
    this.key = context.key;
  }

  override get name(): string {
    return 'CacheError';
  }
}

/**
 * Why a node did not do what it was asked.
 * - link: the connection, not the answer, failed: `refused` (nothing listens), `unreachable` (name look-up, route, connect
 *   deadline), `lost` (closed or reset), `stalled` (owes replies, sends no byte), `protocol` (bytes that make no sense).
 * - node: it answered that it cannot serve: `loading`, `read-only`, `master-down`, `cluster`, `auth`, `too-many-clients`, `busy`.
 * - data: it served, and refused this one operation: `full` (OOM), `wrong-type`, `rejected` (any other error text).
 */
export type NodeErrorReason = LinkReason | StateReason | DataReason;
export type LinkReason = 'refused' | 'unreachable' | 'lost' | 'stalled' | 'protocol';
export type StateReason = 'loading' | 'read-only' | 'master-down' | 'cluster' | 'auth' | 'too-many-clients' | 'busy';
export type DataReason = 'full' | 'wrong-type' | 'rejected';

const FAULT_OF_REASON: Readonly<Record<NodeErrorReason, Fault>> = {
  refused: 'link',
  unreachable: 'link',
  lost: 'link',
  stalled: 'link',
  protocol: 'link',
  loading: 'node',
  'read-only': 'node',
  'master-down': 'node',
  cluster: 'node',
  auth: 'node',
  'too-many-clients': 'node',
  busy: 'node',
  full: 'caller',
  'wrong-type': 'caller',
  rejected: 'caller',
};

/** A node failed or refused (`ERR_NODE`); `reason` says how. */
export class NodeError extends CacheError {
  readonly reason: NodeErrorReason;

  constructor(reason: NodeErrorReason, message: string, context: ErrorContext = {}) {
    super('ERR_NODE', message, context);
    this.reason = reason;
  }

  override get name(): string {
    return 'NodeError';
  }
}

/** A deadline passed (`ERR_TIMEOUT`). `sent` is false if the operation never left this process. */
export class TimeoutError extends CacheError {
  readonly timeoutMs: number;
  readonly sent: boolean;

  constructor(message: string, timeoutMs: number, sent: boolean, context: ErrorContext = {}) {
    super('ERR_TIMEOUT', message, context);
    this.timeoutMs = timeoutMs;
    this.sent = sent;
  }

  override get name(): string {
    return 'TimeoutError';
  }
}

/** An option is unknown or out of range (`ERR_INVALID_OPTION`): `path` names it as `breaker.openMs`. */
export class OptionError extends CacheError {
  readonly path: string;

  constructor(path: string, message: string) {
    super('ERR_INVALID_OPTION', `${path}: ${message}`);
    this.path = path;
  }

  override get name(): string {
    return 'OptionError';
  }
}

/** What a failure discredits: the call itself, this process, the connection, or the node. */
export type Fault = 'caller' | 'local' | 'link' | 'node';

/**
 * Sorts every failure. Only `link` and `node` may count against a node (breaker, health); `local` is our own saturation
 * and `caller` concerns this one call or value.
 */
export function faultOf(error: unknown): Fault {
  if (error instanceof NodeError) return FAULT_OF_REASON[error.reason];
  if (error instanceof TimeoutError) return error.sent ? 'link' : 'local';
  if (!(error instanceof CacheError)) return 'caller';
  switch (error.code) {
    case 'ERR_BREAKER_OPEN':
    case 'ERR_BULKHEAD_FULL':
    case 'ERR_RATE_LIMITED':
      return 'local';
    default:
      return 'caller';
  }
}
