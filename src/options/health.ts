/** Health and hand-off: the options, their defaults and their check. */

import { callback, either, integer, number, type OptionRule, resolveOptions, share } from '../node/option-rules.js';

/** What a probe of one's own is given. */
export interface ProbeTarget {
  readonly name: string;
  /** Sends a command of the node's own protocol, of strings and Buffers; rejects where the driver knows none. */
  readonly raw: (...words: readonly (string | Buffer)[]) => Promise<unknown>;
}

export interface HealthOptions {
  /** How often each node is probed, give or take a quarter; four times as often while in doubt. @default 1_000 */
  readonly intervalMs?: number | undefined;
  /** How long a probe may take. @default 500 */
  readonly timeoutMs?: number | undefined;
  /** Probes that fail in a row before a node is ejected. Fewer: quicker, and more often wrong. @default 3 */
  readonly unhealthyAfter?: number | undefined;
  /** Probes that pass in a row before an ejected node returns. @default 2 */
  readonly healthyAfter?: number | undefined;
  /** Share of the ring's weight that may be ejected at once; past it nothing more is. @default 0.5 */
  readonly maxEjectedShare?: number | undefined;
  /** First time an ejected node is kept out; doubles each time it is ejected soon again. @default 5_000 */
  readonly ejectionMs?: number | undefined;
  /** @default 300_000 */
  readonly maxEjectionMs?: number | undefined;
  /** Asked in place of writing and reading a canary key; `false` or a rejection is a failure. */
  readonly probe?: ((node: ProbeTarget) => boolean | Promise<boolean>) | undefined;
  /** What becomes of the keys of a node that is out: stand-ins take over, or they miss. @default 'remap' */
  readonly onDown?: 'remap' | 'miss' | undefined;
  /** Longest life of what a stand-in stores; what is read there lives on, up to its own time to live, but for counters and raw values. @default 60_000 */
  readonly standInTtlMs?: number | undefined;
  /** Steps in which a returned node gets its keys back. @default 4 */
  readonly warmingSteps?: number | undefined;
  /** Pause between them. @default 250 */
  readonly warmingMs?: number | undefined;
}

export interface HandoffOptions {
  /** Reads under way at former owners; past it a miss is a miss. @default 4_096 */
  readonly concurrency?: number | undefined;
  /** How long such a read may take. @default 50 */
  readonly budgetMs?: number | undefined;
  /** Whether what nobody asks for is carried over too; needs a namespace. @default true */
  readonly migrate?: boolean | undefined;
  /** Its pace. @default 5_000 */
  readonly keysPerSecond?: number | undefined;
  /** How long former owners are asked if nothing can be carried over. @default 600_000 */
  readonly windowMs?: number | undefined;
}

export interface HealthSettings {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly unhealthyAfter: number;
  readonly healthyAfter: number;
  readonly maxEjectedShare: number;
  readonly ejectionMs: number;
  readonly maxEjectionMs: number;
  readonly probe: ((node: ProbeTarget) => boolean | Promise<boolean>) | undefined;
  readonly onDown: 'remap' | 'miss';
  readonly standInTtlMs: number;
  readonly warmingSteps: number;
  readonly warmingMs: number;
}

export type HandoffSettings = { readonly [K in keyof HandoffOptions]-?: NonNullable<HandoffOptions[K]> };

const HEALTH_DEFAULTS: HealthSettings = {
  intervalMs: 1_000,
  timeoutMs: 500,
  unhealthyAfter: 3,
  healthyAfter: 2,
  maxEjectedShare: 0.5,
  ejectionMs: 5_000,
  maxEjectionMs: 300_000,
  probe: undefined,
  onDown: 'remap',
  standInTtlMs: 60_000,
  warmingSteps: 4,
  warmingMs: 250,
};

const yesOrNo: OptionRule = { says: 'true or false', holds: (value) => typeof value === 'boolean' };
const either01: OptionRule = either(share, { says: '0', holds: (value) => value === 0 });
const downWords: OptionRule = { says: "'remap' or 'miss'", holds: (value) => value === 'remap' || value === 'miss' };

export function resolveHealth(options: HealthOptions): HealthSettings {
  return resolveOptions<HealthSettings>('health', options, HEALTH_DEFAULTS, {
    intervalMs: number(5),
    timeoutMs: number(1),
    unhealthyAfter: integer(1),
    healthyAfter: integer(1),
    maxEjectedShare: either01,
    ejectionMs: number(0),
    maxEjectionMs: number(0),
    probe: callback,
    onDown: downWords,
    standInTtlMs: number(1),
    warmingSteps: integer(1, 64),
    warmingMs: number(0),
  });
}

const HANDOFF_DEFAULTS: HandoffSettings = {
  concurrency: 4_096,
  budgetMs: 50,
  migrate: true,
  keysPerSecond: 5_000,
  windowMs: 600_000,
};

export function resolveHandoff(options: HandoffOptions): HandoffSettings {
  return resolveOptions<HandoffSettings>('handoff', options, HANDOFF_DEFAULTS, {
    concurrency: integer(0),
    budgetMs: number(1),
    migrate: yesOrNo,
    keysPerSecond: number(1),
    windowMs: number(0),
  });
}
