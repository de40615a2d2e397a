/**
 * The leak gate: tells what a test left behind that it had not found. Handles that keep the process alive (sockets,
 * listeners, timers, look-ups), real servers still running, rejections and exceptions nobody handled, and warnings of
 * listeners piling up. Timers that are not referenced are not seen: `FakeClock.pendingTimers` counts those.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { runningServers } from './servers/started-servers.js';

export interface LeakOptions {
  /** How long handles may take to go. @default 2,000 */
  readonly settleMs?: number | undefined;
  /** Kinds of handle, as `process.getActiveResourcesInfo` names them, that are none of the test's business. */
  readonly ignore?: readonly string[] | undefined;
}

const DEFAULT_SETTLE_MS = 2_000;
const POLL_MS = 10;
/** Work that ends by itself and holds nothing. */
const PASSING = ['FSReqCallback', 'FSReqPromise', 'CloseReq', 'Immediate', 'TickObject', 'MessagePort'];

export class LeakTracker {
  readonly #settleMs: number;
  readonly #ignored: ReadonlySet<string>;
  readonly #handlesBefore: ReadonlyMap<string, number>;
  readonly #serversBefore = runningServers();
  readonly #events: string[] = [];
  readonly #onRejection = (reason: unknown) => this.#events.push(`unhandled rejection: ${describe(reason)}`);
  readonly #onException = (error: unknown) => this.#events.push(`uncaught exception: ${describe(error)}`);
  readonly #onWarning = (warning: Error) => {
    if (warning.name === 'MaxListenersExceededWarning') this.#events.push(describe(warning));
  };

  constructor({ settleMs = DEFAULT_SETTLE_MS, ignore = [] }: LeakOptions = {}) {
    this.#settleMs = settleMs;
    this.#ignored = new Set([...PASSING, ...ignore]);
    this.#handlesBefore = this.#handles();
    process.on('unhandledRejection', this.#onRejection);
    // The monitor watches only: what happens to the process stays as it is.
    process.on('uncaughtExceptionMonitor', this.#onException);
    process.on('warning', this.#onWarning);
  }

  /** What has been left behind, a line each; waits a little for what is on its way out. */
  async findLeaks(): Promise<string[]> {
    const end = performance.now() + this.#settleMs;
    do {
      while (this.#leftovers().length > 0 && performance.now() < end) await sleep(POLL_MS);
      // Rejections and warnings are told a turn after they came about; what that turn begins ends by itself, too.
      await new Promise((resolve) => setImmediate(resolve));
    } while (this.#leftovers().length > 0 && performance.now() < end);
    return [...this.#events, ...this.#leftovers()];
  }

  /** Rejects if anything was left behind, and ends the tracking either way. */
  async assertNoLeaks(): Promise<void> {
    const leaks = await this.findLeaks();
    this.stop();
    if (leaks.length > 0) throw new Error(`left behind:\n  ${leaks.join('\n  ')}`);
  }

  stop(): void {
    process.off('unhandledRejection', this.#onRejection);
    process.off('uncaughtExceptionMonitor', this.#onException);
    process.off('warning', this.#onWarning);
  }

  #leftovers(): string[] {
    const found: string[] = [];
    for (const [kind, count] of this.#handles()) {
      const more = count - (this.#handlesBefore.get(kind) ?? 0);
      if (more > 0) found.push(`${more} × ${kind}`);
    }
    for (const [pid, kind] of runningServers()) {
      if (!this.#serversBefore.has(pid)) found.push(`${kind} still runs as process ${pid}`);
    }
    return found;
  }

  #handles(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const kind of process.getActiveResourcesInfo()) {
      if (!this.#ignored.has(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
    return counts;
  }
}

/** Begins to watch; `assertNoLeaks` of what it returns ends it. */
export function trackLeaks(options?: LeakOptions): LeakTracker {
  return new LeakTracker(options);
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? String(error)) : String(error);
}
