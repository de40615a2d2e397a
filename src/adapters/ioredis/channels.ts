/** What is subscribed to: channels, patterns and sharded channels, each by its bytes. */

import type { Words } from '../../driver/driver.js';

export type Kind = 'subscribe' | 'psubscribe' | 'ssubscribe';

export const KINDS: readonly Kind[] = ['subscribe', 'psubscribe', 'ssubscribe'];

export const UNDO = { subscribe: 'unsubscribe', psubscribe: 'punsubscribe', ssubscribe: 'sunsubscribe' } as const;
export type Undo = (typeof UNDO)[Kind];

/** Bytes one a character: equal for a channel given as text and as bytes. */
export function channelId(channel: string | Buffer): string {
  return Buffer.from(channel).toString('latin1');
}

/** Of each kind, in the order of subscription. */
export class Channels {
  readonly #of: Readonly<Record<Kind, Map<string, string | Buffer>>> = {
    subscribe: new Map(),
    psubscribe: new Map(),
    ssubscribe: new Map(),
  };

  /** Whether it is new. */
  add(kind: Kind, channel: string | Buffer): boolean {
    const { size } = this.#of[kind];
    return this.#of[kind].set(channelId(channel), channel).size > size;
  }

  delete(kind: Kind, channel: string | Buffer): boolean {
    return this.#of[kind].delete(channelId(channel));
  }

  has(kind: Kind, channel: string | Buffer): boolean {
    return this.#of[kind].has(channelId(channel));
  }

  list(kind: Kind): Words {
    return [...this.#of[kind].values()];
  }

  /** As Redis counts: channels and patterns together, sharded channels by themselves. */
  count(kind: Kind): number {
    const { subscribe, psubscribe, ssubscribe } = this.#of;
    return kind === 'ssubscribe' ? ssubscribe.size : subscribe.size + psubscribe.size;
  }

  get isEmpty(): boolean {
    return KINDS.every((kind) => this.#of[kind].size === 0);
  }

  clear(): void {
    for (const kind of KINDS) this.#of[kind].clear();
  }
}
