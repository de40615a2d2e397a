/** Which connection through a proxy serves which lane. */

import type { FaultProxy } from '../../../src/testing/fault-proxy/fault-proxy.js';

/** The connections of small calls and of bulk traffic, told apart by when they come up. */
export async function lanesOf(proxy: FaultProxy, openBulk: () => Promise<unknown>) {
  const before = proxy.connections;
  await openBulk();
  const opened = proxy.connections.find((connection) => !before.includes(connection));
  const first = before[0];
  if (before.length !== 1 || first === undefined || opened === undefined)
    throw new Error('the lanes cannot be told apart');
  return [first, opened] as const;
}
