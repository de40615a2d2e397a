/**
 * Faults in how a connection orders, settles and ends, and in what it tells of itself and its node.
 */

import type { Operation } from '../../../src/driver/driver.js';
import { CacheError } from '../../../src/errors.js';
import type { Mutant } from './mutant-connection.js';

const closed = new CacheError('ERR_CLOSED', 'planted');

export const connectionMutants: readonly Mutant[] = [
  {
    fault: 'answers a miss inside send',
    caughtBy: 'not settled inside that send',
    send: (operations, connection) => {
      const [first, ...rest] = operations;
      if (first?.kind === 'get' && rest.length === 0) first.miss();
      else connection.send(operations);
    },
  },
  {
    fault: 'sends writes before the reads of the same send',
    caughtBy: 'gets between writes',
    send: (operations, connection) =>
      connection.send([...operations].sort((a, b) => Number(a.kind === 'get') - Number(b.kind === 'get'))),
  },
  {
    fault: 'asks a repeated key of one send once only',
    caughtBy: 'gets of one send',
    send: (operations, connection) => {
      const seen = new Set<string>();
      const isFirst = ({ kind, key }: Operation) => kind !== 'get' || (!seen.has(key) && seen.add(key));
      const repeats = operations.filter((operation) => !isFirst(operation));
      connection.send(operations.filter((operation) => !repeats.includes(operation)));
      queueMicrotask(() => {
        for (const operation of repeats) if (operation.kind === 'get') operation.miss();
      });
    },
  },
  { fault: 'tells nothing owed', caughtBy: 'owed, bytesRead', owed: 0 },
  { fault: 'counts no bytes', caughtBy: 'owed, bytesRead', bytesRead: 0 },
  { fault: 'gives all connections one id', caughtBy: 'ids of their own', id: 'same' },
  { fault: 'never tells progress', caughtBy: 'onProgress', staysSilent: true },
  { fault: 'never tells its end', caughtBy: 'that the node ends', staysSilent: true },
  {
    fault: 'fails what it owes a turn after destroy',
    caughtBy: 'destroy fails all',
    destroy: (error, connection) => {
      setImmediate(() => connection.destroy(error));
    },
  },
  {
    fault: 'fails what it owes with an error of its own',
    caughtBy: 'destroy fails all',
    destroy: (_error, connection) => connection.destroy(closed),
  },
  {
    fault: 'tells onClose of a destroy',
    caughtBy: 'destroy fails all',
    destroy: (error, connection, onClose) => {
      connection.destroy(error);
      onClose?.(error);
    },
  },
  {
    fault: 'fails at once what is sent over a closed connection',
    caughtBy: 'over a closed connection',
    send: (operations, connection) => {
      if (connection.isOpen) connection.send(operations);
      else for (const operation of operations) operation.fail(closed);
    },
  },
  {
    fault: 'swallows what is sent over a closed connection',
    caughtBy: 'over a closed connection',
    send: (operations, connection) => {
      if (connection.isOpen) connection.send(operations);
    },
  },
  {
    fault: 'lists all keys whatever the prefix',
    caughtBy: 'keys lists each',
    keys: (_prefix, connection) => connection.keys(''),
  },
  {
    fault: 'takes its prefix for a pattern',
    caughtBy: 'keys takes its prefix literally',
    keys: (prefix, connection) => connection.keys(prefix.split(/[*?[]/)[0] ?? ''),
  },
  {
    fault: 'tells one incarnation for ever',
    caughtBy: 'a restart without data',
    incarnation: (incarnation) => incarnation && { ...incarnation, id: 'same' },
  },
  {
    fault: 'tells every node empty',
    caughtBy: 'not empty once',
    incarnation: (incarnation) => incarnation && { ...incarnation, isEmpty: true },
  },
];
