/** What a connection for subscriptions needs when it is new, and while it lives. */

import type { Redis as IoRedis } from 'ioredis';
import { Channels, KINDS, type Kind, UNDO } from './channels.js';

/**
 * Resolves when the server has been told of nothing but what is wanted: that may become less meanwhile. What becomes more is
 * told by whoever wants it.
 */
export async function subscribeTo(client: IoRedis, wanted: Channels): Promise<void> {
  const told = new Channels();
  for (const kind of KINDS) {
    const names = wanted.list(kind);
    for (const name of names) told.add(kind, name);
    if (names.length > 0) await client.call(kind, ...names);
  }
  const staleOf = (kind: Kind) => told.list(kind).filter((name) => !wanted.has(kind, name));
  const nextStale = () => KINDS.find((kind) => staleOf(kind).length > 0);
  for (let kind = nextStale(); kind !== undefined; kind = nextStale()) {
    const names = staleOf(kind);
    for (const name of names) told.delete(kind, name);
    await client.call(UNDO[kind], ...names);
  }
}

/**
 * Asks for a sign of life now and then, and gives up a connection that shows none until the next time: nothing is sent on
 * it otherwise, so nobody would notice that it broke without a sign. To be cleared when it is closed.
 */
export function watchOver(client: IoRedis, everyMs: number): NodeJS.Timeout {
  let isAsked = false;
  const timer = setInterval(() => {
    if (isAsked) {
      client.disconnect();
      client.stream.destroy();
      return;
    }
    isAsked = true;
    client.ping().then(
      () => {
        isAsked = false;
      },
      () => undefined,
    );
  }, everyMs);
  return timer.unref();
}
