import { describe, expect, it } from 'vitest';
import { Ledger } from '../../../src/cluster/ledger/ledger.js';
import { xxh32 } from '../../../src/ring/hash.js';

const KEY = 'key';
const HASH = xxh32(KEY);
const RAW = -1;

function ledgerOf(nodes: number): Ledger {
  const ledger = new Ledger({ clientId: 1, clock: { now: () => 0 } });
  ledger.startWith(Array.from({ length: nodes }, (_, slot) => slot));
  return ledger;
}

describe('who confirmed a floor, as the key moves from node to node', () => {
  it('is remembered of the last four, so that a raw copy counts however often its arc has moved', () => {
    const ledger = ledgerOf(12);
    ledger.issue(HASH, KEY, 100, [{ slot: 0 }]);
    ledger.confirm(HASH, KEY, 100, 0);
    for (let slot = 1; slot < 12; slot++) {
      ledger.copied(HASH, KEY, RAW, slot);
      expect(ledger.trusts(slot, HASH, KEY, RAW, 0)).toBe(true);
    }
    expect([7, 8, 9, 10, 11].map((slot) => ledger.trusts(slot, HASH, KEY, RAW, 0))).toEqual([
      false,
      true,
      true,
      true,
      true,
    ]);
  });

  it('leaves a witness listed whose answer is still to come, since it may be owed', () => {
    const ledger = ledgerOf(12);
    ledger.issue(HASH, KEY, 100, [{ slot: 0 }, { slot: 1 }]);
    ledger.confirm(HASH, KEY, 100, 1);
    for (let slot = 2; slot < 8; slot++) ledger.copied(HASH, KEY, RAW, slot);
    expect(ledger.isDistrusted(0, HASH, KEY)).toBe('no');
    ledger.confirm(HASH, KEY, 100, 0);
    expect(ledger.trusts(0, HASH, KEY, RAW, 0)).toBe(true);
    expect(ledger.trusts(1, HASH, KEY, RAW, 0)).toBe(false);
  });

  it('leaves the first owners of more than are listed as they are', () => {
    const ledger = ledgerOf(12);
    const owners = [0, 1, 2, 3, 4, 5].map((slot) => ({ slot }));
    ledger.issue(HASH, KEY, 100, owners);
    for (const { slot } of owners) ledger.confirm(HASH, KEY, 100, slot);
    expect(owners.map(({ slot }) => ledger.trusts(slot, HASH, KEY, RAW, 0))).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});
