import { describe, expect, it } from 'vitest';
import { NO_WITNESS, Witnesses } from '../../../src/cluster/ledger/witnesses.js';

describe('Witnesses', () => {
  it('gives each life of a node a number of its own', () => {
    const witnesses = new Witnesses(() => {});
    const first = witnesses.enlist(4);
    witnesses.retire(first);
    const second = witnesses.enlist(4);
    expect(second).not.toBe(first);
    expect([witnesses.nodeOf(first), witnesses.nodeOf(second)]).toEqual([undefined, 4]);
    expect([witnesses.isDead(first), witnesses.isDead(second), witnesses.isDead(NO_WITNESS)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('gives numbers out again after 65,535 lives, once every trace of the dead is gone', () => {
    const seen: boolean[] = [];
    const witnesses: Witnesses = new Witnesses(() => seen.push(witnesses.isDead(0), witnesses.isDead(1)));
    const lasting = witnesses.enlist(1);
    let current = witnesses.enlist(2);
    for (let life = 2; life < NO_WITNESS; life++) {
      witnesses.retire(current);
      current = witnesses.enlist(2);
    }
    expect(seen).toEqual([]);
    witnesses.retire(current);
    current = witnesses.enlist(2);
    expect(seen).toEqual([false, true]);
    expect(current).not.toBe(lasting);
    expect([witnesses.nodeOf(lasting), witnesses.nodeOf(current)]).toEqual([1, 2]);
  });

  it('knows 65,535 nodes and refuses one more', () => {
    const witnesses = new Witnesses(() => {});
    for (let node = 0; node < NO_WITNESS; node++) witnesses.enlist(node);
    expect(() => witnesses.enlist(NO_WITNESS)).toThrow(RangeError);
  });
});
