/** Raw commands with promises, off the hot path: handshake and lists of connections. */

import { type CacheError, NodeError } from '../../errors.js';
import type { Operation, RawOperation } from '../driver.js';

/** Sends them in one write. A refused one is answered by its error; any other failure rejects. */
export function askRaw(
  connection: { send(operations: readonly Operation[]): void },
  ...commands: readonly (readonly string[])[]
): Promise<unknown[]> {
  const operations: RawOperation[] = [];
  const replies = commands.map(
    (words) =>
      new Promise<unknown>((done, reject) => {
        const fail = (error: CacheError): void => (isRefusal(error) ? done(error) : reject(error));
        operations.push({ kind: 'raw', key: '', words, done, fail });
      }),
  );
  connection.send(operations);
  return Promise.all(replies);
}

/** The lines of a listing; none if it was refused. */
export function linesOf(reply: unknown): string[] {
  return Array.isArray(reply) ? reply.map(String) : [];
}

function isRefusal(error: CacheError): boolean {
  return error instanceof NodeError && error.reason === 'rejected';
}
