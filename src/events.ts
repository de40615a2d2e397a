/** The events of a cache, and an emitter in which a listener's throw reaches nobody and a missing listener costs nothing. */

import { shown } from './base/shown.js';
import { type CacheError, OptionError } from './errors.js';

interface NodeEvent {
  readonly node: string;
  readonly epoch: number;
  readonly reason: string;
}

type BreakerState = 'closed' | 'open' | 'half-open';
type BreakerEvent = NodeEvent & { readonly from: BreakerState; readonly to: BreakerState };

export interface CacheEvents {
  nodeEjected: NodeEvent;
  nodeReadmitted: NodeEvent;
  nodeStateChanged: NodeEvent & { readonly from: string; readonly to: string };
  breakerOpened: BreakerEvent;
  breakerHalfOpened: BreakerEvent;
  breakerClosed: BreakerEvent;
  handoffStarted: { readonly epoch: number; readonly reason: string; readonly movedShare: number | undefined };
  handoffProgress: {
    readonly epoch: number;
    readonly keys: number;
    readonly bytes: number;
    readonly share: number;
    readonly leftMs: number | undefined;
  };
  handoffFinished: { readonly epoch: number; readonly reason: string; readonly keys: number };
  /** Fewer owners than asked for confirmed a write; those that did not are owed an invalidation. */
  writeUnconfirmed: { readonly key: string; readonly error: CacheError };
  /** Calls are answered from the fallback or as misses, because no owner answers. */
  degraded: { readonly reason: string };
  recovered: { readonly afterMs: number };
  /** In the group `node`, `to` is active in place of `from`. */
  failedOver: NodeEvent & { readonly from: string; readonly to: string };
  /** The same, where `to` is the primary. */
  failedBack: NodeEvent & { readonly from: string; readonly to: string };
  /** A source of nodes failed, or answered nothing usable: the last good list stands. Told once until it answers again. */
  discoveryFailed: { readonly source: string; readonly reason: string };
  /** So many percent of the keys are cut over now. */
  migrationRamped: { readonly percent: number; readonly from: number };
  migrationPaused: { readonly percent: number };
  migrationResumed: { readonly percent: number };
  /** All keys are cut over, and the old place is dropped. */
  migrationPromoted: { readonly moved: number };
  /** All keys are in the old place again; `percent` were cut over. */
  migrationRolledBack: { readonly percent: number; readonly reason: string };
  topologyChanged: { readonly epoch: number; readonly reason: string; readonly nodes: readonly string[] };
}

export type CacheEventName = keyof CacheEvents;
export type CacheListener<E extends CacheEventName> = (event: CacheEvents[E]) => void;

const NAMES: Readonly<Record<CacheEventName, true>> = {
  nodeEjected: true,
  nodeReadmitted: true,
  nodeStateChanged: true,
  breakerOpened: true,
  breakerHalfOpened: true,
  breakerClosed: true,
  handoffStarted: true,
  handoffProgress: true,
  handoffFinished: true,
  writeUnconfirmed: true,
  degraded: true,
  recovered: true,
  failedOver: true,
  failedBack: true,
  migrationRamped: true,
  migrationPaused: true,
  migrationResumed: true,
  migrationPromoted: true,
  migrationRolledBack: true,
  topologyChanged: true,
  discoveryFailed: true,
};

function ignore(): void {}

export class EventBus {
  readonly #listeners = new Map<string, Set<(event: never) => void>>();

  /** @throws OptionError for an event there is not, or a listener that cannot be called */
  on<E extends CacheEventName>(name: E, listener: CacheListener<E>): void {
    if (!Object.hasOwn(NAMES, name))
      throw new OptionError('name', `must be one of ${Object.keys(NAMES).join(', ')}, got ${shown(name)}`);
    if (typeof listener !== 'function') throw new OptionError('listener', 'must be a function');
    const listeners = this.#listeners.get(name) ?? new Set();
    listeners.add(listener);
    this.#listeners.set(name, listeners);
  }

  off<E extends CacheEventName>(name: E, listener: CacheListener<E>): void {
    this.#listeners.get(name)?.delete(listener);
  }

  isHeard(name: CacheEventName): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0;
  }

  emit<E extends CacheEventName>(name: E, event: CacheEvents[E]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        const outcome: unknown = (listener as (event: CacheEvents[E]) => unknown)(event);
        if (outcome instanceof Promise) outcome.catch(ignore);
      } catch {
        // A listener's mistake is not the cache's; there is nobody left to tell.
      }
    }
  }

  clear(): void {
    this.#listeners.clear();
  }
}
