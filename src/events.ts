/** The events of a cache, and an emitter in which a listener's throw reaches nobody and a missing listener costs nothing. */

import type { CacheError } from './errors.js';

interface NodeEvent {
  readonly node: string;
  readonly epoch: number;
  readonly reason: string;
}

export interface CacheEvents {
  nodeEjected: NodeEvent;
  nodeReadmitted: NodeEvent;
  nodeStateChanged: NodeEvent & { readonly from: string; readonly to: string };
  breakerOpened: NodeEvent;
  breakerHalfOpened: NodeEvent;
  breakerClosed: NodeEvent;
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
  failedOver: NodeEvent & { readonly to: string };
  failedBack: NodeEvent & { readonly to: string };
  /** A source of nodes failed, or answered nothing usable: the last good list stands. Told once until it answers again. */
  discoveryFailed: { readonly source: string; readonly reason: string };
  topologyChanged: { readonly epoch: number; readonly reason: string; readonly nodes: readonly string[] };
}

export type CacheEventName = keyof CacheEvents;
export type CacheListener<E extends CacheEventName> = (event: CacheEvents[E]) => void;

export class EventBus {
  readonly #listeners = new Map<string, Set<(event: never) => void>>();

  on<E extends CacheEventName>(name: E, listener: CacheListener<E>): void {
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
        (listener as CacheListener<E>)(event);
      } catch {
        // A listener's mistake is not the cache's; there is nobody left to tell.
      }
    }
  }

  clear(): void {
    this.#listeners.clear();
  }
}
