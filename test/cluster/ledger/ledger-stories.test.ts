import { describe, expect, it } from 'vitest';
import { STAMPS_PER_MS } from '../../../src/base/hybrid-clock.js';
import { Ledger } from '../../../src/cluster/ledger/ledger.js';
import type { LedgerOptions, LedgerRule } from '../../../src/cluster/ledger/ledger-options.js';
import { OURS, THEIRS } from './keys.js';

const HASH = 0xdead_beef;
const KEY = 'shop:user:1';
const OWNER = 0;
const OTHER = 1;
const RAW = -1;
const V1 = 1_000 * STAMPS_PER_MS;
const V2 = 2_000 * STAMPS_PER_MS;
const V3 = 3_000 * STAMPS_PER_MS;

/** One way to an old value: what happens, then whether the old copy and the new one count. */
interface Story {
  readonly title: string;
  readonly rules: readonly LedgerRule[];
  readonly options?: Partial<LedgerOptions>;
  tell(ledger: Ledger): void;
  trustsOld(ledger: Ledger): boolean;
  trustsNew(ledger: Ledger): boolean;
}

const trusts = (on: Ledger, node: number, stamp: number, client = OURS) => on.trusts(node, HASH, KEY, stamp, client);
const owners = (...nodes: number[]) => nodes.map((slot) => ({ slot }));

/** v1 is on both nodes. */
function writeFirst(ledger: Ledger): void {
  ledger.issue(HASH, KEY, V1, owners(OWNER, OTHER));
  ledger.confirm(HASH, KEY, V1, OWNER);
  ledger.confirm(HASH, KEY, V1, OTHER);
}

/** v2 is on the other node and owed to the owner. */
function writeWithoutOwner(ledger: Ledger): void {
  ledger.issue(HASH, KEY, V2, owners(OTHER));
  ledger.confirm(HASH, KEY, V2, OTHER);
  ledger.owe(HASH, KEY, OWNER, V2);
}

/** Other keys, as many as it takes to drive a floor out of a table for one. */
function driveOut(ledger: Ledger): void {
  ledger.issue(1, 'another', V2 + 1, owners(OWNER, OTHER));
  ledger.confirm(1, 'another', V2 + 1, OWNER);
  ledger.confirm(1, 'another', V2 + 1, OTHER);
}

const stories: readonly Story[] = [
  {
    title: 'W1: a node that was out returns with the old value, stamped',
    rules: ['R3', 'R4-key'],
    tell(ledger) {
      writeFirst(ledger);
      writeWithoutOwner(ledger);
    },
    trustsOld: (ledger) => trusts(ledger, OWNER, V1),
    trustsNew: (ledger) => trusts(ledger, OTHER, V2),
  },
  {
    title: 'W1: a node that was out returns with the old value, raw, after the floor has gone',
    rules: ['R4-key'],
    options: { maxFloors: 1 },
    tell(ledger) {
      writeFirst(ledger);
      writeWithoutOwner(ledger);
      driveOut(ledger);
    },
    trustsOld: (ledger) => trusts(ledger, OWNER, RAW),
    trustsNew: (ledger) => trusts(ledger, OTHER, RAW),
  },
  {
    title: 'W1: a node that was out returns with more old values than can be named',
    rules: ['R7'],
    options: { maxFloors: 1, maxDistrusted: 1 },
    tell(ledger) {
      ledger.issue(2, 'first', V1, owners(OTHER));
      ledger.owe(2, 'first', OWNER, V1);
      writeWithoutOwner(ledger);
      driveOut(ledger);
    },
    trustsOld: (ledger) => trusts(ledger, OWNER, RAW),
    trustsNew: (ledger) => trusts(ledger, OTHER, RAW),
  },
  {
    title: 'W2: a write timed out, and the raw copy is the old or the new one',
    rules: ['R3', 'R4-key'],
    tell(ledger) {
      writeFirst(ledger);
      ledger.issue(HASH, KEY, V2, owners(OWNER, OTHER));
      ledger.confirm(HASH, KEY, V2, OTHER);
      ledger.owe(HASH, KEY, OWNER, V2);
    },
    trustsOld: (ledger) => trusts(ledger, OWNER, RAW),
    trustsNew: (ledger) => trusts(ledger, OTHER, RAW),
  },
  {
    title: 'W2: a write timed out and landed: its own stamp counts, the one before does not',
    rules: ['R3', 'R4-key'],
    tell(ledger) {
      writeFirst(ledger);
      ledger.issue(HASH, KEY, V2, owners(OWNER));
      ledger.owe(HASH, KEY, OWNER, V2);
    },
    trustsOld: (ledger) => trusts(ledger, OWNER, V1),
    trustsNew: (ledger) => trusts(ledger, OWNER, V2),
  },
  {
    title: 'W3: a stand-in kept a copy and stands in again',
    rules: ['R4-arc'],
    options: { maxFloors: 1 },
    tell(ledger) {
      writeFirst(ledger);
      ledger.arcsLost(OTHER, 1, [{ from: HASH, to: HASH + 1 }]);
      ledger.issue(HASH, KEY, V2, owners(OWNER));
      ledger.confirm(HASH, KEY, V2, OWNER);
      driveOut(ledger);
      ledger.arcsBack(OTHER, V3);
    },
    trustsOld: (ledger) => trusts(ledger, OTHER, RAW),
    trustsNew: (ledger) => trusts(ledger, OWNER, RAW),
  },
  {
    title: 'W4: an arc comes back with what others left in it',
    rules: ['R4-arc'],
    tell(ledger) {
      ledger.arcsLost(OTHER, 1, [{ from: HASH, to: HASH + 1 }]);
      ledger.arcsBack(OTHER, V3);
    },
    trustsOld: (ledger) => trusts(ledger, OTHER, V1, THEIRS),
    trustsNew: (ledger) => trusts(ledger, OTHER, V3 + 501 * STAMPS_PER_MS, THEIRS),
  },
  {
    title: 'W6: a read overtakes a write that is on its way',
    rules: ['R3'],
    tell(ledger) {
      writeFirst(ledger);
      ledger.issue(HASH, KEY, V2, owners(OWNER, OTHER));
      ledger.confirm(HASH, KEY, V2, OTHER);
    },
    trustsOld: (ledger) => trusts(ledger, OWNER, RAW),
    trustsNew: (ledger) => trusts(ledger, OTHER, RAW),
  },
  {
    title: 'W7: a write lands after a later one',
    rules: ['R3'],
    tell(ledger) {
      ledger.issue(HASH, KEY, V1, owners(OWNER));
      ledger.issue(HASH, KEY, V2, owners(OWNER));
      ledger.confirm(HASH, KEY, V2, OWNER);
      ledger.confirm(HASH, KEY, V1, OWNER);
    },
    trustsOld: (ledger) => trusts(ledger, OWNER, V1),
    trustsNew: (ledger) => trusts(ledger, OWNER, V2),
  },
  {
    title: 'W8: a write on a connection given up executes after a newer one was confirmed',
    rules: ['R4-connection'],
    tell(ledger) {
      ledger.issue(HASH, KEY, V1, owners(OWNER, OTHER));
      ledger.confirm(HASH, KEY, V1, OTHER);
      ledger.owe(HASH, KEY, OWNER, V1);
      ledger.abandon(OWNER, 'connection 9', [{ hash: HASH, key: KEY }]);
      ledger.issue(HASH, KEY, V2, owners(OWNER, OTHER));
      ledger.confirm(HASH, KEY, V2, OWNER);
      ledger.confirm(HASH, KEY, V2, OTHER);
    },
    trustsOld: (ledger) => trusts(ledger, OWNER, RAW),
    trustsNew: (ledger) => trusts(ledger, OTHER, RAW),
  },
  {
    title: 'W9: a node restarts with old data, raw',
    rules: ['R6'],
    tell(ledger) {
      writeFirst(ledger);
      ledger.incarnationChanged(OWNER, false, V2);
    },
    trustsOld: (ledger) => trusts(ledger, OWNER, RAW),
    trustsNew: (ledger) => trusts(ledger, OTHER, RAW),
  },
  {
    title: 'W9: a node restarts with old data, stamped',
    rules: ['R3'],
    tell(ledger) {
      writeFirst(ledger);
      ledger.issue(HASH, KEY, V2, owners(OWNER, OTHER));
      ledger.confirm(HASH, KEY, V2, OWNER);
      ledger.incarnationChanged(OWNER, false, V3);
    },
    trustsOld: (ledger) => trusts(ledger, OWNER, V1),
    trustsNew: (ledger) => trusts(ledger, OWNER, V2),
  },
  {
    title: 'W10: another process wrote to the stand-in before we wrote to the owner',
    rules: ['R3-skew'],
    tell: (ledger) => {
      ledger.issue(HASH, KEY, V2, owners(OWNER));
      ledger.confirm(HASH, KEY, V2, OWNER);
    },
    trustsOld: (ledger) => trusts(ledger, OTHER, V2 + 400 * STAMPS_PER_MS, THEIRS),
    trustsNew: (ledger) => trusts(ledger, OTHER, V2 + 501 * STAMPS_PER_MS, THEIRS),
  },
  {
    title: 'W10: another process repairs the owner, which confirmed our delete, from a replica that missed it',
    rules: ['R3-skew'],
    tell: (ledger) => {
      ledger.issue(HASH, KEY, V2, owners(OWNER, OTHER));
      ledger.confirm(HASH, KEY, V2, OWNER);
      ledger.owe(HASH, KEY, OTHER, V2);
    },
    trustsOld: (ledger) => trusts(ledger, OWNER, V2 + 400 * STAMPS_PER_MS, THEIRS),
    trustsNew: (ledger) => trusts(ledger, OWNER, V2 + 501 * STAMPS_PER_MS, THEIRS),
  },
  {
    title: 'an old stamped copy is repaired back after the floor has gone',
    rules: ['R3-evicted'],
    options: { maxFloors: 1 },
    tell: (ledger) => {
      writeFirst(ledger);
      ledger.issue(HASH, KEY, V2, owners(OWNER));
      ledger.confirm(HASH, KEY, V2, OWNER);
      driveOut(ledger);
    },
    trustsOld: (ledger) => trusts(ledger, OWNER, V1),
    trustsNew: (ledger) => trusts(ledger, OWNER, V2),
  },
];

function open({ options, tell }: Story, disabledRules: readonly LedgerRule[]): Ledger {
  const clock = { now: () => 0 };
  const ledger = new Ledger({ clientId: OURS, clock, disabledRules: new Set(disabledRules), ...options });
  ledger.startWith([OWNER, OTHER]);
  tell(ledger);
  return ledger;
}

describe('the ways of an old value', () => {
  for (const story of stories) {
    it(`${story.title}: only the new value counts`, () => {
      const ledger = open(story, []);
      expect(story.trustsOld(ledger)).toBe(false);
      expect(story.trustsNew(ledger)).toBe(true);
    });

    it(`${story.title}: without ${story.rules.join(' and ')} the old one would`, () => {
      expect(story.trustsOld(open(story, story.rules))).toBe(true);
    });
  }
});
