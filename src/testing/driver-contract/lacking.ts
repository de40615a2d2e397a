/**
 * What a driver must do about an ability that it lacks: say so in its capabilities, and refuse clearly when asked all
 * the same.
 */

import assert from 'node:assert/strict';
import type { Ability } from './contract-case.js';
import { type ContractSession, failureOf } from './contract-session.js';

export const proofsOfLack: Readonly<Record<Ability, (session: ContractSession) => Promise<void>>> = {
  compareAndSet: async (session) => {
    assert.equal(session.capabilities.compareAndSet, false);
    const call = await session.connect();
    await call.store(session.key('k'), 'v');
    await failureOf(call.inspect(session.key('k')));
    await failureOf(call.store(session.key('k'), 'w', { mode: 'compare', token: '1' }));
    assert.equal(String(await call.get(session.key('k'))), 'v');
  },
  enumeration: async (session) => {
    assert.equal(session.capabilities.enumeration, false);
    const { connection } = await session.connect();
    await failureOf(connection.keys(session.prefix)[Symbol.asyncIterator]().next());
  },
  raw: async (session) => {
    assert.equal(session.capabilities.raw, false);
    const call = await session.connect();
    await failureOf(call.raw('PING'));
    assert.equal(await call.store(session.key('k'), 'v'), true);
  },
  leases: async (session) => {
    assert.equal(session.capabilities.leases, undefined);
    const call = await session.connect();
    await failureOf(call.lease(session.key('k')));
    await failureOf(call.store(session.key('k'), 'v', { mode: 'leased', token: '1' }));
    assert.equal(await call.get(session.key('k')), undefined);
  },
  incarnation: async (session) => {
    assert.equal((await session.connect()).connection.incarnation, undefined);
  },
  restart: async (session) => {
    assert.equal(session.subject.restart, undefined);
  },
};
