/** Whether a connection that was given up has left the server, by the server's own list of connections. */

import { systemClock } from '../../base/clock.js';
import { connectionNames } from './node-facts.js';

/** A server notices our RST at its next read, within milliseconds unless it is stopped. */
const TRIES = 10;
const PAUSE_MS = 25;

/**
 * `list` fetches the lines of `stats conns` through the connection that is called `own` there. The list is believed only if
 * it holds `own`: behind a proxy nobody stands in it under the name he knows. A list that cannot be had proves nothing.
 */
export async function isGone(id: string, own: string | undefined, list: () => Promise<string[]>): Promise<boolean> {
  if (own === undefined || id === own || !id.startsWith('tcp')) return false;
  for (let tries = 0; tries < TRIES; tries++) {
    if (tries > 0) await new Promise<void>((resolve) => systemClock.setTimer(resolve, PAUSE_MS));
    const names = connectionNames(await list().catch(() => []));
    if (!names.has(own)) return false;
    if (!names.has(id)) return true;
  }
  return false;
}
