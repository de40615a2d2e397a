/**
 * How long commands on data may take, and what is put up with from their nodes.
 *
 * Unlike a read of a cache, nothing can take the place of such a command, and nobody knows what became of one that was
 * given up. So what ends it is not the time that it took (behind a hundred thousand others, or behind a slow script) but a
 * node that is silent or away; a deadline beyond any work done is there so that nothing ever hangs.
 */

import type { TimeoutOptions } from '../../options/groups.js';

export interface DataTerms {
  /** From the call to its answer. */
  readonly deadlineMs: number;
  /** A connection that owes answers and receives nothing for so long is given up. */
  readonly silenceMs: number;
  /** For so long after a node was lost, commands wait for it to be back. */
  readonly absenceMs: number;
  /** While a node has answered something no longer ago than this, no call on cacheable keys is called late; with 0 each may be. */
  readonly flowMs: number;
  /** How long what has a connection of its own waits for the server, its own timeout apart. */
  readonly patienceMs: number;
}

const DEADLINE_MS = 60_000;
/** Longer than a slow script takes, and as long as probes need to find that a node is dead. */
const SILENCE_MS = 3_000;
/** Longer than a server takes to start anew, and no longer than callers can be kept waiting by one that does not. */
const ABSENCE_MS = 1_000;
const FLOW_MS = 200;

/** Of the options of the client. */
interface Given {
  readonly commandTimeout?: number | undefined;
  readonly timeouts?: TimeoutOptions | undefined;
  readonly offlineQueueMs?: number | undefined;
  readonly enableOfflineQueue?: boolean | undefined;
}

/** What a user's deadline says, silence must not contradict: a command that may take long may be silent as long. */
export function dataTerms({ commandTimeout, timeouts, offlineQueueMs, enableOfflineQueue }: Given): DataTerms {
  const limitMs = timeouts?.totalMs ?? commandTimeout ?? undefined;
  const silenceMs = limitMs === undefined ? SILENCE_MS : Math.min(2 * limitMs, Math.max(limitMs, SILENCE_MS));
  return {
    deadlineMs: limitMs ?? DEADLINE_MS,
    silenceMs,
    absenceMs: enableOfflineQueue === false ? 0 : (offlineQueueMs ?? ABSENCE_MS),
    flowMs: limitMs === undefined ? (timeouts?.attemptMs ?? FLOW_MS) : 0,
    patienceMs: limitMs ?? silenceMs,
  };
}
