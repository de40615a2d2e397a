/**
 * Faults in how a driver keeps leases.
 */

import type { Operation } from '../../../src/driver/driver.js';
import type { Mutant } from './mutant-connection.js';

type Of<Kind extends Operation['kind']> = Extract<Operation, { kind: Kind }>;

const onLease = (change: (operation: Of<'lease'>) => Partial<typeof operation>) => ({
  operation: (operation: Operation): Operation =>
    operation.kind === 'lease' ? { ...operation, ...change(operation) } : operation,
});
const onStore = (change: (operation: Of<'store'>) => Partial<typeof operation>) => ({
  operation: (operation: Operation): Operation =>
    operation.kind === 'store' ? { ...operation, ...change(operation) } : operation,
});

const leasedKeys = new Set<string>();

export const leaseMutants: readonly Mutant[] = [
  {
    fault: 'takes leased for add',
    caughtBy: 'a delete of nothing by anybody ends a lease',
    ...onStore(({ mode }) => ({ mode: mode === 'leased' ? 'add' : mode })),
  },
  {
    fault: 'takes leased for set',
    caughtBy: 'a set by anybody ends a lease: the copy',
    ...onStore(({ mode }) => ({ mode: mode === 'leased' ? 'set' : mode })),
  },
  {
    fault: 'never stores what is leased',
    caughtBy: 'a leased store lands',
    ...onStore((operation) => ({
      done: (stored) => operation.done(stored),
      ...(operation.mode === 'leased' ? { token: '' } : {}),
    })),
  },
  {
    fault: 'forgets the time to live of what is leased',
    caughtBy: 'once, with its time to live',
    ...onStore(({ mode, ttlMs }) => ({ ttlMs: mode === 'leased' ? 0 : ttlMs })),
  },
  {
    fault: 'does not send the delete of what is not there',
    caughtBy: 'a delete of nothing by anybody ends a lease',
    operation: (operation, connection) =>
      operation.kind !== 'delete'
        ? operation
        : {
            kind: 'get',
            key: operation.key,
            hit: () => connection.send([operation]),
            miss: () => operation.done(false),
            fail: (error) => operation.fail(error),
          },
  },
  {
    fault: 'grants a lease that another holds',
    caughtBy: 'to one at a time',
    ...onLease((operation) => ({ done: (lease) => operation.done(lease === 'held' ? { token: 'x' } : lease) })),
  },
  {
    fault: 'grants a lease where there is an entry',
    caughtBy: 'where there is no entry',
    ...onLease((operation) => ({ done: (lease) => operation.done(lease === 'present' ? { token: 'x' } : lease) })),
  },
  {
    fault: 'cannot tell a lease from an entry',
    caughtBy: 'to one at a time',
    ...onLease((operation) => ({ done: (lease) => operation.done(lease === 'held' ? 'present' : lease) })),
  },
  {
    fault: 'grants leases that have ended already',
    caughtBy: 'a leased store lands',
    ...onLease(() => ({ ttlMs: 0 })),
  },
  {
    fault: 'shows a lease as an empty entry',
    caughtBy: 'an unused lease changes no answer',
    operation: (operation) => {
      if (operation.kind === 'lease') leasedKeys.add(operation.key);
      if (operation.kind !== 'get' || !leasedKeys.delete(operation.key)) return operation;
      return { ...operation, miss: () => operation.hit(Buffer.alloc(0), 0, 0) };
    },
  },
  {
    fault: 'refuses to add over a lease',
    caughtBy: 'an unused lease changes no answer',
    operation: (operation) => {
      if (operation.kind === 'lease') leasedKeys.add(operation.key);
      if (operation.kind !== 'store' || operation.mode !== 'add' || !leasedKeys.delete(operation.key)) return operation;
      return { ...operation, token: '', mode: 'compare' };
    },
  },
  {
    fault: 'tells of no key that has only a lease',
    caughtBy: 'each key that keys tells',
    async *keys(prefix, connection) {
      for await (const keys of connection.keys(prefix)) yield keys.filter((key) => !/[abc]$/.test(key));
    },
  },
];
