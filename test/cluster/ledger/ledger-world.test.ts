import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LedgerOptions, LedgerRule } from '../../../src/cluster/ledger/ledger-options.js';
import { KEYS, NODES } from './keys.js';
import { LedgerWorld, SKEW_MS } from './ledger-world.js';

type Step = (world: LedgerWorld) => void;

const key = fc.nat(KEYS.length - 1);
const node = fc.nat(NODES.length - 1);
const named = (name: string, step: Step): Step =>
  Object.assign(step, { toString: () => name, [fc.toStringMethod]: () => name });

const own = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(key, fc.boolean()).map(([k, d]) => named(`write ${k} ${d}`, (w) => w.write(k, d))) },
  { weight: 8, arbitrary: node.map((n) => named(`deliver ${n}`, (w) => w.deliver(n))) },
  { weight: 1, arbitrary: node.map((n) => named(`timeOut ${n}`, (w) => w.timeOut(n))) },
  { weight: 2, arbitrary: node.map((n) => named(`giveUp ${n}`, (w) => w.giveUp(n))) },
  { weight: 2, arbitrary: node.map((n) => named(`drainOne ${n}`, (w) => w.node(n).drainOne())) },
  { weight: 1, arbitrary: node.map((n) => named(`kill ${n}`, (w) => w.kill(n))) },
  { weight: 1, arbitrary: node.map((n) => named(`save ${n}`, (w) => w.node(n).save())) },
  {
    weight: 1,
    arbitrary: fc.tuple(node, fc.boolean()).map(([n, e]) => named(`restart ${n} ${e}`, (w) => w.restart(n, e))),
  },
  { weight: 1, arbitrary: node.map((n) => named(`eject ${n}`, (w) => w.eject(n))) },
  { weight: 1, arbitrary: fc.constant(named('readmit', (w) => w.readmit())) },
  {
    weight: 1,
    arbitrary: fc.tuple(key, node, node).map(([k, a, b]) => named(`repair ${k} ${a} ${b}`, (w) => w.repair(k, a, b))),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(node, key).map(([n, k]) => named(`lose ${n} ${k}`, (w) => w.node(n).data.delete(k))),
  },
  { weight: 1, arbitrary: node.map((n) => named(`pay ${n}`, (w) => w.pay(n))) },
  { weight: 1, arbitrary: node.map((n) => named(`enumerate ${n}`, (w) => w.enumerate(n))) },
  { weight: 1, arbitrary: node.map((n) => named(`fence ${n}`, (w) => w.fence(n))) },
  {
    weight: 2,
    arbitrary: fc.nat(2 * SKEW_MS).map((ms) =>
      named(`pass ${ms}`, (w) => {
        w.nowMs += ms;
      }),
    ),
  },
);

const foreign = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .tuple(key, fc.subarray(NODES, { minLength: 1 }), fc.integer({ min: -SKEW_MS, max: SKEW_MS }), fc.boolean())
      .map(([k, ns, o, d]) => named(`foreign ${k} ${ns} ${o} ${d}`, (w) => w.foreignWrite(k, ns, o, d))),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(key, node, node)
      .map(([k, a, b]) => named(`foreignRepair ${k} ${a} ${b}`, (w) => w.foreignRepair(k, a, b))),
  },
);

const steps = fc.oneof({ weight: 6, arbitrary: own }, { weight: 1, arbitrary: foreign });

const ROOMY: Partial<LedgerOptions> = { maxFloors: 1_000 };
const SMALL: Partial<LedgerOptions> = { maxFloors: 2, maxDistrusted: 2, maxPayable: 1, maxPayableBytes: 2 };
const TINY: Partial<LedgerOptions> = { maxFloors: 1, maxDistrusted: 1, maxPayable: 1 };

function staleness(isRaw: boolean, ledger: Partial<LedgerOptions>, step: fc.Arbitrary<Step> = steps) {
  const schedules = fc.array(step, { maxLength: 80, size: 'max' });
  return fc.property(schedules, fc.boolean(), fc.boolean(), (schedule, namesConnections, listsOwners) => {
    const world = new LedgerWorld({ isRaw, namesConnections, listsOwners, ledger });
    for (const next of schedule) {
      next(world);
      const stale = world.stale();
      if (stale !== undefined) throw new Error(stale);
    }
  });
}

/** Whether any of many schedules ends in an old value; the seed is fixed, so that no test needs luck. */
function goesStale(property: ReturnType<typeof staleness>): boolean {
  return fc.check(property, { numRuns: 30_000, seed: 20_260_101, endOnFailure: true }).failed;
}

describe('a ledger told the truth', () => {
  for (const isRaw of [false, true]) {
    for (const [bounds, options] of [
      ['roomy', ROOMY],
      ['small', SMALL],
      ['tiny', TINY],
    ] as const) {
      it(`never trusts a ${isRaw ? 'raw' : 'stamped'} copy older than the last write here, with ${bounds} bounds`, () => {
        fc.assert(staleness(isRaw, options), { numRuns: 3_000 });
      });
    }
  }

  it('judges stamped copies by incidents alone where no other process writes or copies', () => {
    fc.assert(staleness(false, { ...SMALL, onEviction: 'incident' }, own), { numRuns: 3_000 });
  });

  it('could not do so where another process repairs', () => {
    expect(goesStale(staleness(false, { ...SMALL, onEviction: 'incident' }))).toBe(true);
  });

  const cases: readonly (readonly [readonly LedgerRule[], boolean, Partial<LedgerOptions>])[] = [
    [['R3'], false, ROOMY],
    [['R3'], true, ROOMY],
    [['R3-skew'], false, ROOMY],
    [['R3-evicted'], false, TINY],
    [['R3-evicted'], true, TINY],
    [['R4-key'], true, TINY],
    [['R4-connection'], true, ROOMY],
    [['R4-arc'], true, TINY],
    [['R6'], true, ROOMY],
    [['R7'], false, TINY],
    [['R7'], true, TINY],
  ];
  for (const [rules, isRaw, options] of cases) {
    it(`trusts an old ${isRaw ? 'raw' : 'stamped'} copy sooner or later without ${rules.join(' and ')}`, () => {
      expect(goesStale(staleness(isRaw, { ...options, disabledRules: new Set(rules) }))).toBe(true);
    });
  }
});
