/**
 * The log of real servers started, so that a test run can say how many ran, and the guard that none outlives us.
 *
 * The log is kept in this process, and in the file named by `RINGFENCE_SERVER_LOG` if that is set: a test runner that
 * spreads its files over processes counts the lines there.
 */

import { appendFileSync } from 'node:fs';

export type ServerKind = 'redis' | 'memcached';

export const SERVER_LOG_VARIABLE = 'RINGFENCE_SERVER_LOG';

const started: Record<ServerKind, number> = { redis: 0, memcached: 0 };
const runningPids = new Map<number, ServerKind>();
let isGuarding = false;

/** How many servers this process has started so far, restarts not counted. */
export function startedServers(): Readonly<Record<ServerKind, number>> {
  return { ...started };
}

/** Process ids of servers started here that have not ended. */
export function runningServers(): ReadonlyMap<number, ServerKind> {
  return new Map(runningPids);
}

export function noteStarted(kind: ServerKind): void {
  started[kind]++;
  const file = process.env[SERVER_LOG_VARIABLE];
  if (file !== undefined) appendFileSync(file, `${kind}\n`);
}

/** From now until `noteEnded`, the process `pid` is killed when this process exits. */
export function noteRunning(pid: number, kind: ServerKind): void {
  runningPids.set(pid, kind);
  if (isGuarding) return;
  isGuarding = true;
  process.once('exit', killRunningServers);
}

export function noteEnded(pid: number): void {
  runningPids.delete(pid);
}

/** What the guard does when this process exits. */
export function killRunningServers(): void {
  for (const pid of runningPids.keys()) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself in this very moment.
    }
  }
}
