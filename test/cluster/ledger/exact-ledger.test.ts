import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STAMPS_PER_MS } from '../../../src/base/hybrid-clock.js';
import { Ledger } from '../../../src/cluster/ledger/ledger.js';
import type { LedgerOptions } from '../../../src/cluster/ledger/ledger-options.js';
import type { Payment } from '../../../src/cluster/ledger/payments.js';
import { ExactLedger } from './exact-ledger.js';
import { KEYS, NODES, OURS, THEIRS } from './keys.js';

const SKEW_MS = 1;
const SKEW = SKEW_MS * STAMPS_PER_MS;
/** Keys with a tag: two of them share a place, which is none of their hashes. */
const PLACES = [0x10, 0x10, 1, 0x8000_0001];

/** Drives both ledgers by the same news. Stamps rise by half a skew a step, so that foreign ones fall on either side. */
class Pair {
  readonly real: Ledger;
  readonly exact = new ExactLedger(OURS, SKEW, NODES.length);
  readonly #payments: Payment[] = [];
  readonly #issued = new Set<string>();
  /** Stamps are one per write: no copy of a key ever has the stamp of another key's. */
  readonly #keyOf = new Map<number, string>();
  #stamp = 10 * SKEW;
  #epoch = 0;

  constructor(options: Partial<LedgerOptions>) {
    this.real = new Ledger({ clientId: OURS, clock: { now: () => 0 }, maxClockSkewMs: SKEW_MS, ...options });
    this.real.startWith(NODES);
  }

  next(): number {
    this.#stamp += SKEW / 2;
    return this.#stamp;
  }

  /** @param what step, @param k key, @param n node, @param back how many steps old the stamp is, where one is named */
  step(what: number, k: number, n: number, back: number, owners: readonly number[]): void {
    const { key, hash } = KEYS[k] as { key: string; hash: number };
    const stamp = this.#stamp - back * (SKEW / 2);
    const name = `${back}`;
    const issue = (): void => {
      const issued = this.next();
      this.#issued.add(key);
      this.#keyOf.set(issued, key);
      const slots = owners.map((slot) => ({ slot }));
      this.real.issue(hash, key, issued, slots);
      this.exact.issue(key, issued, owners);
    };
    const isPossible = (this.#keyOf.get(stamp) ?? key) === key;
    const confirm = (): void => {
      if (!isPossible) return;
      this.real.confirm(hash, key, stamp, n);
      this.exact.confirm(key, stamp, n);
    };
    const steps: (() => void)[] = [
      issue,
      issue,
      confirm,
      confirm,
      () => {
        // Only what was issued can be owed.
        if (!this.#issued.has(key)) return;
        this.real.owe(hash, key, n, stamp);
        this.exact.owe(key, n, stamp);
      },
      () => {
        if (!this.#issued.has(key)) return;
        this.real.abandon(n, name, [{ hash, key }]);
        this.exact.abandon(n, name, [key]);
      },
      () => {
        this.real.connectionGone(n, name);
        this.exact.gone(n, name);
      },
      () => {
        const payments = this.real.takeForPayment(n, 2);
        this.#payments.push(...payments);
        this.exact.taken(payments);
      },
      () => {
        const payment = this.#payments.shift();
        if (payment === undefined) return;
        if (back > 2) this.real.unpaid(payment);
        else {
          this.real.paid(payment);
          this.exact.paid(payment);
        }
      },
      () => {
        const at = this.next();
        this.real.incarnationChanged(n, back > 1, at);
        this.exact.restart(n, back > 1, at);
      },
      () => {
        const at = this.next();
        this.real.fence(n, at);
        this.exact.fence(n, at);
      },
      () => {
        this.real.lift(n, this.real.enumerationMark(n));
        this.exact.lift(n);
      },
      () => {
        const place = PLACES[k] as number;
        this.real.arcsLost(n, ++this.#epoch, [{ from: place, to: place + 1 }]);
        this.exact.arcsLost(n, this.#epoch, [place]);
      },
      () => {
        const at = this.next();
        this.real.arcsBack(n, at);
        this.exact.arcsBack(n, at);
      },
      () => {
        this.real.arcsPaid(n, this.#epoch - back);
        this.exact.arcsPaid(n, this.#epoch - back);
      },
      () => {
        this.real.copied(hash, key, back > 2 ? -1 : stamp, n);
        this.exact.copied(key, back > 2 ? -1 : stamp, n);
      },
    ];
    steps[what]?.();
  }

  /** Calls `compare` with both verdicts on every copy that might be met. */
  forEachCopy(compare: (copy: string, isRaw: boolean, real: boolean, exact: boolean) => void): void {
    for (const [k, { key, hash }] of KEYS.entries())
      for (const node of NODES)
        for (const client of [OURS, THEIRS])
          for (const stamp of [
            -1,
            ...Array.from({ length: 8 }, (_, i) => this.#stamp + (2 - i) * (SKEW / 2) + (i % 2)),
          ])
            if (client === THEIRS || (this.#keyOf.get(stamp) ?? key) === key)
              compare(
                `${key} on ${node}, stamp ${stamp} by ${client}`,
                stamp < 0,
                this.real.trusts(node, hash, key, stamp, client, PLACES[k]),
                this.exact.trusts(node, key, PLACES[k] as number, stamp, client),
              );
  }
}

const step = fc.tuple(fc.nat(15), fc.nat(KEYS.length - 1), fc.nat(NODES.length - 1), fc.nat(4), fc.subarray(NODES));
const schedules = fc.array(step, { maxLength: 50, size: 'max' });

describe('a ledger within its bounds', () => {
  it('trusts exactly the copies that the rules let it', () => {
    fc.assert(
      fc.property(schedules, (schedule) => {
        const pair = new Pair({ maxFloors: 1_000 });
        for (const one of schedule) pair.step(...one);
        pair.forEachCopy((copy, _isRaw, real, exact) => expect(real, copy).toBe(exact));
      }),
      { numRuns: 500 },
    );
  });

  it('distrusts for conditional writes exactly what the rules tell it to', () => {
    fc.assert(
      fc.property(schedules, (schedule) => {
        const pair = new Pair({ maxFloors: 1_000 });
        for (const one of schedule) pair.step(...one);
        for (const [k, { key, hash }] of KEYS.entries())
          for (const node of NODES)
            expect(pair.real.isDistrusted(node, hash, key, PLACES[k]), `${key} on ${node}`).toBe(
              pair.exact.distrust(node, key, PLACES[k] as number),
            );
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('a ledger past its bounds', () => {
  it('trusts no stamped copy that one without bounds would not', () => {
    fc.assert(
      fc.property(schedules, fc.integer({ min: 1, max: 3 }), (schedule, bound) => {
        const pair = new Pair({ maxFloors: bound, maxDistrusted: bound, maxPayable: 1 });
        for (const one of schedule) pair.step(...one);
        pair.forEachCopy((copy, isRaw, real, exact) => {
          if (real && !isRaw) expect(exact, copy).toBe(true);
        });
      }),
      { numRuns: 500 },
    );
  });
});
