/**
 * The keys that a node holds under a prefix, page by page. Each page has the deadline of a call, since the whole walk takes
 * as long as the namespace is large, and a node that falls silent must not hold up its caller for ever.
 */

import { onAbort } from '../base/abort.js';
import type { CacheParts } from '../cache-parts.js';
import { CacheError, TimeoutError } from '../errors.js';
import type { CacheNode } from '../node/cache-node.js';
import type { Call } from './call-options.js';

/** @throws CacheError if the node cannot be reached or asked, takes longer than `call` allows, or the call is aborted */
export async function* pagesOf(
  parts: CacheParts,
  node: CacheNode,
  call: Call,
  within: string,
): AsyncGenerator<string[]> {
  if (!node.isConnected)
    throw new CacheError('ERR_UNAVAILABLE', `node ${node.name} cannot be reached`, {
      node: node.name,
      cause: node.lastError,
    });
  const walk = node.keys(parts.keys.prefix + within);
  try {
    for (;;) {
      const page = await timely(parts, node, call, walk.next());
      if (page.done === true) return;
      yield page.value;
    }
  } finally {
    // Not waited for: a walk that is asking ends when its question does.
    walk.return(undefined).catch(() => undefined);
  }
}

function timely<T>(parts: CacheParts, node: CacheNode, { totalMs, signal }: Call, page: Promise<T>): Promise<T> {
  const ends: (() => void)[] = [];
  const outcome = new Promise<T>((resolve, reject) => {
    page.then(resolve, reject);
    const message = `node ${node.name} took longer than ${totalMs} ms to tell a page of its keys`;
    const late = (): void => reject(new TimeoutError(message, totalMs, true, { node: node.name }));
    const timer = parts.read.clock.setTimer(late, totalMs, true);
    ends.push(() => timer.cancel());
    if (signal === undefined) return;
    const abort = (): void => reject(new CacheError('ERR_ABORTED', 'the call was aborted', { cause: signal.reason }));
    if (signal.aborted) abort();
    else ends.push(onAbort(signal, abort));
  });
  return outcome.finally(() => {
    for (const end of ends) end();
  });
}
