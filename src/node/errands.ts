/**
 * Work that a connection does by itself and not as an operation of the queue: walks over the keys, and questions after
 * other connections. It has no deadline, since nobody knows how long a walk takes; but the connection is watched while it
 * lasts, so that a node that falls silent ends it as it ends everything else.
 */

import { NodeError } from '../errors.js';
import type { NodeLanes } from './node-lanes.js';
import type { Pipeline } from './pipeline.js';

/** See `Connection.keys`. @throws CacheError if the node is not connected, or the connection is lost on the way */
export async function* walkKeys(
  node: string,
  pipeline: Pipeline | undefined,
  prefix: string,
): AsyncGenerator<string[]> {
  const connection = pipeline?.link.connection;
  if (pipeline === undefined || connection === undefined) throw notConnected(node);
  const walk = connection.keys(prefix)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const step = await pipeline.attended(() => walk.next());
      if (step.done === true) return;
      yield step.value;
    }
  } finally {
    await walk.return?.();
  }
}

/** See `Connection.ensureGone`; asks by whatever connection is open, the lane of small calls first. */
export async function ensureGone(node: string, lanes: NodeLanes, id: string): Promise<boolean> {
  let open: Pipeline | undefined;
  lanes.each((pipeline) => {
    if (open === undefined && pipeline.link.connection !== undefined) open = pipeline;
  });
  const connection = open?.link.connection;
  if (open === undefined || connection === undefined) throw notConnected(node);
  return open.attended(() => connection.ensureGone(id));
}

function notConnected(node: string): NodeError {
  return new NodeError('lost', `node ${node} is not connected`, { node });
}
