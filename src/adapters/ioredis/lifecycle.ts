/**
 * The states of ioredis for a client of several nodes: `wait`, `connecting`, `connect`, `ready`; `close` and `reconnecting`
 * when no node is connected any more, though each node is tried again by itself; `end`.
 *
 * It is ready when every node has been tried and one answers. A single node that is lost is told of by an `error`, to those
 * who listen, and by the failure of what is asked of it.
 */

import type { RedisStatus } from 'ioredis';
import type { CacheError } from '../../errors.js';
import { Connectivity } from './connectivity.js';
import type { Engine } from './engine.js';
import { closedError } from './reply.js';

/** The client. */
export interface Host {
  status: RedisStatus;
  emit(event: string, ...news: unknown[]): boolean;
  listenerCount(event: string): number;
}

interface Waiter {
  resolve(): void;
  reject(error: Error): void;
}

export class Lifecycle {
  readonly #host: Host;
  readonly #waiting = new Set<Waiter>();
  #connectivity: Connectivity | undefined;

  constructor(host: Host) {
    this.#host = host;
  }

  begin(engine: Engine): void {
    this.#become('connecting');
    let last: CacheError | undefined;
    this.#connectivity = new Connectivity(engine.fleet.nodes, {
      opened: (node) => engine.introduce(node),
      up: () => {
        this.#become('connect');
        this.#become('ready');
        this.#release((waiter) => waiter.resolve());
      },
      down: () => {
        this.#become('close');
        this.#become('reconnecting', 0);
        const error = last ?? closedError();
        this.#release((waiter) => waiter.reject(error));
      },
      lost: (error) => {
        last = error;
        this.tell('error', error);
      },
    });
  }

  /** Resolves once it is ready. Rejects when no node can be reached, or it ends before. */
  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.add({ resolve, reject });
    });
  }

  /** @param isPassing it is about to begin anew */
  end(isPassing = false): void {
    const { status } = this.#host;
    if (this.#connectivity === undefined && status === 'end') return;
    this.#connectivity?.stop();
    this.#connectivity = undefined;
    if (status !== 'connecting') this.#become('close');
    if (isPassing) this.#become('reconnecting', 0);
    else this.#become('end');
    this.#release((waiter) => waiter.reject(closedError()));
  }

  /** To listeners, in the next tick: what they throw is theirs. An error that nobody listens to would end the process. */
  tell(event: string, ...news: unknown[]): void {
    process.nextTick(() => {
      if (event !== 'error' || this.#host.listenerCount('error') > 0) this.#host.emit(event, ...news);
    });
  }

  #become(status: RedisStatus, ...news: unknown[]): void {
    this.#host.status = status;
    this.tell(status, ...news);
  }

  #release(settle: (waiter: Waiter) => void): void {
    for (const waiter of this.#waiting) settle(waiter);
    this.#waiting.clear();
  }
}
