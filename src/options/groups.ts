/** The smaller groups of options: timeouts, reads, fallback, near cache, ledger. Each with its defaults and its check. */

import type { CompressionOptions } from '../compression.js';
import { integer, number, oneOf, resolveOptions } from '../node/option-rules.js';
import type { ReadPreference } from '../routing/owner-walk.js';

export interface TimeoutOptions {
  /** From the look-up of a node's name to the end of the handshake, TLS and authentication included. @default 300 */
  readonly connectMs?: number | undefined;
  /** One attempt at one node, waiting in its queue included. @default 200 */
  readonly attemptMs?: number | undefined;
  /** A whole call, all attempts included; loaders of `getOrSet` have their own. @default 500 */
  readonly totalMs?: number | undefined;
}

export interface ReadOptions {
  /** Which owner is asked first: the primary, any in turn, or one of a zone. @default 'primary' */
  readonly prefer?: ReadPreference | undefined;
  /** Whether a miss at one owner asks the next one (a second request per true miss buys no dip after a restart). @default 'next' */
  readonly onMiss?: 'next' | 'accept' | undefined;
}

export interface FallbackOptions {
  /** @default 10_000 */
  readonly maxEntries?: number | undefined;
  /** Keys, values and overhead together. @default 67_108_864 */
  readonly maxBytes?: number | undefined;
  /** Longest time after which a remembered value is still better than none. @default 60_000 */
  readonly maxStaleMs?: number | undefined;
}

export interface NearOptions {
  /** @default 10_000 */
  readonly maxEntries?: number | undefined;
  /** Keys, values and overhead together. @default 67_108_864 */
  readonly maxBytes?: number | undefined;
  /** How long a value is served without asking its node: what others write meanwhile is not seen. @default 1_000 */
  readonly ttlMs?: number | undefined;
}

/** Bounds of what the cache remembers of its own writes (README, "What is guaranteed"). */
export interface LedgerOptions {
  /** Keys whose last write is remembered. @default 1_000_000 */
  readonly maxFloors?: number | undefined;
  /** Keys per node whose copies there must not be trusted. @default 1_000_000 */
  readonly maxDistrusted?: number | undefined;
  /** Keys per node remembered for invalidation. @default 100_000 */
  readonly maxPayable?: number | undefined;
  /** Their size together. @default 16_777_216 */
  readonly maxPayableBytes?: number | undefined;
}

export type TimeoutSettings = Readonly<Record<keyof TimeoutOptions, number>>;
export type FallbackSettings = Readonly<Record<keyof FallbackOptions, number>>;
export type NearSettings = Readonly<Record<keyof NearOptions, number>>;
export type LedgerSettings = Readonly<Record<keyof LedgerOptions, number>>;

export interface ReadSettings {
  readonly prefer: ReadPreference;
  readonly onMiss: 'next' | 'accept';
}

const MAX_MS = 2 ** 31 - 1;
const TIMEOUT_RULES = { connectMs: number(1, MAX_MS), attemptMs: number(1, MAX_MS), totalMs: number(1, MAX_MS) };
const FALLBACK_DEFAULTS = { maxEntries: 10_000, maxBytes: 64 * 1024 * 1024, maxStaleMs: 60_000 };
const FALLBACK_RULES = { maxEntries: integer(1), maxBytes: integer(1), maxStaleMs: number(1) };
const NEAR_DEFAULTS = { maxEntries: 10_000, maxBytes: 64 * 1024 * 1024, ttlMs: 1_000 };
const NEAR_RULES = { maxEntries: integer(1), maxBytes: integer(1), ttlMs: number(1) };
const LEDGER_DEFAULTS = {
  maxFloors: 1_000_000,
  maxDistrusted: 1_000_000,
  maxPayable: 100_000,
  maxPayableBytes: 16 * 1024 * 1024,
};
const LEDGER_RULES = {
  maxFloors: integer(1),
  maxDistrusted: integer(1),
  maxPayable: integer(0),
  maxPayableBytes: integer(0),
};

export function resolveTimeouts(options: TimeoutOptions): TimeoutSettings {
  return resolveOptions('timeouts', options, { connectMs: 300, attemptMs: 200, totalMs: 500 }, TIMEOUT_RULES);
}

const READ_DEFAULTS: ReadSettings = { prefer: 'primary', onMiss: 'next' };
const READ_RULES = {
  prefer: { says: "'primary', 'any' or { zone }", holds: isPreference },
  onMiss: oneOf(['next', 'accept']),
};

export function resolveRead(options: ReadOptions, defaults: ReadSettings = READ_DEFAULTS): ReadSettings {
  return resolveOptions<ReadSettings>('read', options, defaults, READ_RULES);
}

function isPreference(value: unknown): boolean {
  if (value === 'primary' || value === 'any') return true;
  return (
    typeof value === 'object' &&
    value !== null &&
    'zone' in value &&
    typeof value.zone === 'string' &&
    Object.keys(value).length === 1
  );
}

const COMPRESSION_DEFAULTS: CompressionOptions = { minBytes: 1_024, algorithm: 'deflate-raw' };
const COMPRESSION_RULES = { minBytes: integer(1), algorithm: oneOf(['gzip', 'deflate-raw', 'brotli']) };

export function resolveCompression(options: CompressionOptions): CompressionOptions {
  return resolveOptions<CompressionOptions>('compression', options, COMPRESSION_DEFAULTS, COMPRESSION_RULES);
}

export function resolveFallback(options: FallbackOptions): FallbackSettings {
  return resolveOptions('fallback', options, FALLBACK_DEFAULTS, FALLBACK_RULES);
}

export function resolveNear(options: NearOptions): NearSettings {
  return resolveOptions('near', options, NEAR_DEFAULTS, NEAR_RULES);
}

export function resolveLedger(options: LedgerOptions): LedgerSettings {
  return resolveOptions('ledger', options, LEDGER_DEFAULTS, LEDGER_RULES);
}
