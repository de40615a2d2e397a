/**
 * Events in which nobody's mistake reaches anybody else: what a listener throws or rejects with is dropped, and an `error`
 * without a listener is no exception. Keyv listens to every adapter and passes errors on, and throws where nobody listens to it.
 */

import { EventEmitter } from 'node:events';

export type EventName = string | symbol;
/** Takes whatever it takes. */
export type Listener = (...values: never[]) => void;
type Called = (...values: unknown[]) => void;

/** As many Keyv instances may share one adapter before Node warns of a leak. */
const MAX_LISTENERS = 100;

export class GuardedEmitter {
  readonly #events = new EventEmitter().setMaxListeners(MAX_LISTENERS);

  on(name: EventName, listener: Listener, isFirst = false): void {
    if (isFirst) this.#events.prependListener(name, listener as Called);
    else this.#events.on(name, listener as Called);
  }

  once(name: EventName, listener: Listener, isFirst = false): void {
    if (isFirst) this.#events.prependOnceListener(name, listener as Called);
    else this.#events.once(name, listener as Called);
  }

  off(name: EventName, listener: Listener): void {
    this.#events.off(name, listener as Called);
  }

  removeAll(name: EventName | undefined): void {
    if (name === undefined) this.#events.removeAllListeners();
    else this.#events.removeAllListeners(name);
  }

  /** Whether anybody listened. */
  emit(name: EventName, ...values: readonly unknown[]): boolean {
    const listeners = this.#events.rawListeners(name);
    for (const listener of listeners) {
      try {
        const outcome: unknown = Reflect.apply(listener, this, values);
        if (outcome instanceof Promise) outcome.catch(() => undefined);
      } catch {
        // The listener's own mistake; there is nobody left to tell.
      }
    }
    return listeners.length > 0;
  }

  names(): EventName[] {
    return this.#events.eventNames();
  }

  count(name: EventName): number {
    return this.#events.listenerCount(name);
  }

  listeners(name: EventName): Called[] {
    return this.#events.listeners(name) as Called[];
  }

  rawListeners(name: EventName): Called[] {
    return this.#events.rawListeners(name) as Called[];
  }
}
