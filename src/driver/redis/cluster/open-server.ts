/** Opens a connection to one server of a cluster, and learns what it is and whom it takes for the owners of slots. */

import { NodeError } from '../../../errors.js';
import type { Address } from '../../driver.js';
import { learnFacts, openConnection } from '../open-connection.js';
import type { RedisConnection } from '../redis-connection.js';
import type { Reply } from '../reply-collector.js';
import type { ClusterDriverOptions } from './cluster-options.js';
import { type ClusterView, parseView, placeOf } from './cluster-view.js';
import { BY_SLOT } from './slot-layout.js';

export interface OpenedServer {
  readonly connection: RedisConnection;
  readonly address: Address;
  readonly view: ClusterView;
  /** Its present life and its history of writes; `undefined` if it does not tell. */
  readonly life: string | undefined;
}

export type OpenServer = (address: Address, signal: AbortSignal) => Promise<OpenedServer>;

export const VIEW_QUESTION = ['CLUSTER', 'NODES'] as const;

export function serverOpener(options: ClusterDriverOptions): OpenServer {
  const byName = options.tls !== undefined;
  return async (address, signal) => {
    let view: ClusterView | undefined;
    let life: string | undefined;
    const introduce = async (connection: RedisConnection): Promise<void> => {
      const { runId, historyId, isClustered } = await learnFacts(connection);
      if (runId !== undefined && !isClustered)
        throw new NodeError('cluster', `${placeOf(address)} is no part of a Redis Cluster: name it with redis://`);
      if (runId !== undefined) life = `${runId} ${historyId ?? ''}`;
      view = readView(await connection.ask(VIEW_QUESTION), address, byName);
    };
    const connection = await openConnection({ ...options, address }, signal, introduce, BY_SLOT);
    if (view === undefined) throw new NodeError('protocol', 'the handshake told nothing');
    return { connection, address, view, life };
  };
}

/** @throws NodeError for a reply that is none to `VIEW_QUESTION` */
export function readView(reply: Reply, asked: Address, byName: boolean): ClusterView {
  const view = Buffer.isBuffer(reply) ? parseView(reply.toString(), asked, byName) : undefined;
  if (view === undefined) throw new NodeError('protocol', 'CLUSTER NODES was answered in an unknown shape');
  return view;
}
