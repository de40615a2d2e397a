import { describe, expect, it } from 'vitest';
import { HASH, KEY, RAW, setUp } from './ledger-setup.js';

describe('a quiet ledger', () => {
  it('trusts everything, and is quiet until something is issued or owed', () => {
    const { ledger, trusts, write } = setUp();
    expect([ledger.isQuiet, trusts(0), ledger.isDistrusted(0, HASH, KEY)]).toEqual([true, true, 'no']);
    ledger.incarnationChanged(0, false, 5);
    ledger.confirm(HASH, KEY, 5, 0);
    ledger.settle();
    expect([ledger.isQuiet, ledger.stats().nodes]).toEqual([true, []]);
    write();
    expect(ledger.isQuiet).toBe(false);
    const owing = setUp();
    owing.ledger.owe(HASH, KEY, 0);
    expect([owing.ledger.isQuiet, owing.trusts(0), owing.trusts(1)]).toEqual([false, false, true]);
  });
});

describe('conditional writes (R8)', () => {
  it('go by the order of the wire while a write of the key is on its way there', () => {
    const { ledger, write } = setUp();
    write();
    expect([0, 1, 2].map((node) => ledger.isDistrusted(node, HASH, KEY))).toEqual(['no', 'no', 'key']);
  });

  it('distrust a node that failed, a connection given up, a restart with data and a fence', () => {
    const { ledger, confirmed, next } = setUp();
    const stamp = confirmed();
    ledger.owe(HASH, KEY, 0, stamp);
    expect(ledger.isDistrusted(0, HASH, KEY)).toBe('key');
    ledger.abandon(0, '9', [{ hash: HASH, key: KEY }]);
    expect(ledger.isDistrusted(0, HASH, KEY)).toBe('connection');
    ledger.incarnationChanged(1, false, next());
    expect(ledger.isDistrusted(1, HASH, KEY)).toBe('key');
    ledger.fence(2, next());
    expect([ledger.isDistrusted(2, HASH, KEY), ledger.isDistrusted(2, 7, 'never written')]).toEqual(['key', 'fence']);
  });

  it('distrust a node whose connection ended between the stamp of a write and its being sent, until that is paid', () => {
    const { ledger, next, write, trusts } = setUp();
    ledger.owe(HASH, KEY, 0, write());
    ledger.abandon(0, '9', [{ hash: HASH, key: KEY }]);
    const stamp = next();
    write(1, 'another');
    ledger.connectionGone(0, '9');
    ledger.issue(HASH, KEY, stamp, [{ slot: 0 }, { slot: 1 }]);
    ledger.confirm(HASH, KEY, stamp, 0);
    expect([ledger.isDistrusted(0, HASH, KEY), trusts(0)]).toEqual(['key', false]);
    for (const payment of ledger.takeForPayment(0, 10)) ledger.paid(payment);
    expect([ledger.isDistrusted(0, HASH, KEY), trusts(0), ledger.owes(0)]).toEqual(['no', true, false]);
  });

  it('may build on the node again once their own delete has landed', () => {
    const { ledger, confirmed, next, trusts } = setUp();
    confirmed();
    ledger.incarnationChanged(0, false, next());
    const payment = ledger.paymentFor(0, HASH, KEY);
    ledger.paid(payment);
    expect([ledger.isDistrusted(0, HASH, KEY), trusts(0)]).toEqual(['no', true]);
  });
});

describe('debts and payments (R4, R5)', () => {
  it('are paid by a delete that landed, and the node counts again', () => {
    const { ledger, clock, write, trusts } = setUp();
    const stamp = write();
    ledger.owe(HASH, KEY, 0, stamp);
    clock.nowMs = 30;
    expect(ledger.stats()).toMatchObject({ keyDebts: 1, oldestDebtMs: 30 });
    const [payment] = ledger.takeForPayment(0, 10);
    expect(payment).toMatchObject({ node: 0, key: KEY, hash: HASH });
    expect(ledger.takeForPayment(0, 10)).toEqual([]);
    if (payment !== undefined) ledger.paid(payment);
    expect([trusts(0), ledger.keyDebts(0), ledger.stats().nodes]).toEqual([true, 0, []]);
  });

  it('entered while an older one is being paid stay, and wait for payment themselves', () => {
    const { ledger, write, trusts } = setUp();
    ledger.owe(HASH, KEY, 0, write());
    const [payment] = ledger.takeForPayment(0, 10);
    ledger.owe(HASH, KEY, 0, write());
    if (payment !== undefined) ledger.paid(payment);
    expect([trusts(0), ledger.takeForPayment(0, 10).length]).toEqual([false, 1]);
  });

  it('wait again when the delete did not land', () => {
    const { ledger, write } = setUp();
    ledger.owe(HASH, KEY, 0, write());
    for (const payment of ledger.takeForPayment(0, 10)) ledger.unpaid(payment);
    expect(ledger.takeForPayment(0, 10).length).toBe(1);
  });

  it('are paid by a newer write that the node confirmed, and by the same one when it is confirmed after all', () => {
    for (const isNewer of [true, false]) {
      const { ledger, write, trusts } = setUp();
      const first = write();
      ledger.owe(HASH, KEY, 0, first);
      ledger.confirm(HASH, KEY, isNewer ? write() : first, 0);
      expect([trusts(0), ledger.keyDebts(0), ledger.takeForPayment(0, 10)]).toEqual([true, 0, []]);
    }
  });

  it('are not entered for a write that a newer confirmed one overtook', () => {
    const { ledger, write, confirmed, trusts } = setUp();
    const first = write();
    confirmed();
    ledger.owe(HASH, KEY, 0, first);
    expect([trusts(0), ledger.keyDebts(0)]).toEqual([true, 0]);
  });

  it('follow a connection that ended: only a later write or a delete makes the node count again', () => {
    const { ledger, write, confirmed, trusts } = setUp();
    ledger.owe(HASH, KEY, 0, write());
    ledger.abandon(0, '9', [{ hash: HASH, key: KEY }]);
    confirmed();
    const during = write();
    ledger.connectionGone(0, '9');
    // It was issued before the end: what the old connection wrote may have come after it.
    ledger.confirm(HASH, KEY, during, 0);
    expect([trusts(0), ledger.isDistrusted(0, HASH, KEY)]).toEqual([false, 'key']);
    confirmed();
    expect([trusts(0), ledger.isDistrusted(0, HASH, KEY), ledger.keyDebts(0)]).toEqual([true, 'no', 0]);
  });

  it('are told connection by connection, and counted as overdue when nobody could make sure', () => {
    const { ledger, clock, write } = setUp();
    ledger.owe(HASH, KEY, 0, write());
    ledger.abandon(0, '9', [{ hash: HASH, key: KEY }]);
    clock.nowMs = 10;
    ledger.firstReplySeen(0, 5);
    clock.nowMs = 20_000;
    ledger.settle();
    expect(ledger.abandonedConnections(0)).toEqual(['9']);
    expect(ledger.stats().nodes).toMatchObject([{ node: 0, connectionDebts: 1, overdueConnections: 1 }]);
    ledger.cannotTell(0, '9');
    ledger.settle();
    expect(ledger.stats()).toMatchObject({ connectionDebts: 0, keyDebts: 1 });
  });
});

describe('a payer', () => {
  it('is told to keep at a node while keys or connections are owed, named or not', () => {
    const { ledger, clock, write } = setUp();
    expect(ledger.owes(0)).toBe(false);
    ledger.owe(HASH, KEY, 0, write());
    ledger.abandon(0, '', [{ hash: HASH, key: KEY }]);
    for (const payment of ledger.takeForPayment(0, 10)) ledger.paid(payment);
    expect([ledger.keyDebts(0), ledger.abandonedConnections(0), ledger.owes(0)]).toEqual([0, [], true]);
    ledger.firstReplySeen(0, 0);
    clock.nowMs = 10_000;
    ledger.settle();
    expect([ledger.keyDebts(0), ledger.owes(0)]).toEqual([1, true]);
    for (const payment of ledger.takeForPayment(0, 10)) ledger.paid(payment);
    expect(ledger.owes(0)).toBe(false);
  });
});

describe('a restart (R6)', () => {
  it('leaves a debt to be paid, though a write that was stamped before and sent after it is confirmed', () => {
    const { ledger, next, write } = setUp();
    ledger.owe(HASH, KEY, 0, write());
    const stamp = next();
    ledger.incarnationChanged(0, false, next());
    ledger.issue(HASH, KEY, stamp, [{ slot: 0 }, { slot: 1 }]);
    ledger.confirm(HASH, KEY, stamp, 0);
    expect([ledger.isDistrusted(0, HASH, KEY), ledger.owes(0)]).toEqual(['key', true]);
    for (const payment of ledger.takeForPayment(0, 10)) ledger.paid(payment);
    expect([ledger.isDistrusted(0, HASH, KEY), ledger.owes(0)]).toEqual(['no', false]);
  });

  it('proven empty clears what was owed, and raw copies written there since count', () => {
    const { ledger, confirmed, next, trusts, write } = setUp();
    confirmed();
    ledger.owe(HASH, KEY, 0);
    ledger.fence(0, next());
    ledger.arcsLost(0, 1, [{ from: HASH, to: HASH + 1 }]);
    ledger.incarnationChanged(0, true, next());
    expect([trusts(0), ledger.isDistrusted(0, HASH, KEY), ledger.stats().nodes]).toEqual([true, 'no', []]);
    ledger.owe(HASH, KEY, 0, write());
    expect(trusts(0)).toBe(false);
  });

  it('with data voids what the node confirmed, even answers that come late', () => {
    const { ledger, write, next, trusts } = setUp();
    const stamp = write();
    ledger.incarnationChanged(0, false, next());
    ledger.confirm(HASH, KEY, stamp, 0);
    expect([trusts(0), trusts(0, stamp)]).toEqual([false, true]);
  });

  it('with data after an empty one voids that again', () => {
    const { ledger, confirmed, next, trusts } = setUp();
    confirmed();
    ledger.incarnationChanged(0, true, next());
    ledger.incarnationChanged(0, false, next());
    expect(trusts(0)).toBe(false);
  });
});

describe('copies between nodes (R9)', () => {
  it('make the receiver count, if they are of the last write or trusted raw ones', () => {
    const { ledger, write, trusts } = setUp();
    const stamp = write(HASH, KEY, [{ slot: 0 }]);
    ledger.copied(HASH, KEY, stamp - 1, 2);
    expect(trusts(2)).toBe(false);
    ledger.copied(HASH, KEY, stamp, 2);
    ledger.copied(HASH, KEY, RAW, 1);
    expect([trusts(1), trusts(2)]).toEqual([true, true]);
  });
});

describe('a node gone for good', () => {
  it('leaves nothing to the next node of its number', () => {
    const { ledger, confirmed, trusts } = setUp();
    confirmed();
    ledger.owe(7, 'other', 0);
    ledger.forgetNode(0);
    expect([ledger.stats().nodes, trusts(0), trusts(0, RAW, 7, 'other')]).toEqual([[], false, true]);
  });
});
