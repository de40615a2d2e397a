/**
 * Finds the masters of a cluster and opens a connection to each: begins with the servers listed and those known from before,
 * goes on with whom they name, all at once. When one has answered the others have a moment; those that miss it are left
 * out, so that a dead server does not keep its neighbours from being served.
 */

import { onAbort } from '../../../base/abort.js';
import type { Clock, Timer } from '../../../base/clock.js';
import { setFairTimer } from '../../../base/fair-timer.js';
import { CacheError, NodeError } from '../../../errors.js';
import type { Address } from '../../driver.js';
import { type ClusterView, mergeViews, ownersIn, placeOf, type SlotOwners } from './cluster-view.js';
import type { OpenedServer, OpenServer } from './open-server.js';

export interface OpenFleet {
  readonly owners: SlotOwners;
  /** Masters that own slots and answered, by their names in the cluster. */
  readonly servers: ReadonlyMap<string, OpenedServer>;
}

export interface FleetParts {
  readonly hosts: readonly Address[];
  readonly open: OpenServer;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** What the others have when one has answered. */
  readonly graceMs: number;
  /** What was true before: asked first, and believed where fewer than half of the masters answer. */
  readonly before: ClusterView | undefined;
}

export async function openFleet(parts: FleetParts): Promise<OpenFleet> {
  const { signal, before } = parts;
  const { opened, errors } = await openAll(parts);
  const servers = new Map<string, OpenedServer>();
  const given = (error: CacheError): CacheError => {
    for (const { connection } of opened) connection.destroy(error);
    return error;
  };
  if (signal.aborted) throw given(new NodeError('unreachable', 'no server of the cluster answered in time'));
  const views = opened.map(({ view }) => view);
  let owners = mergeViews(views);
  let owning = ownersIn(owners);
  const isMaster = ({ view }: OpenedServer): boolean => view.isMaster && owning.has(view.nodeId);
  if (before !== undefined && opened.filter(isMaster).length * 2 <= owning.size) {
    owners = mergeViews([...views, before]);
    owning = ownersIn(owners);
  }
  for (const server of opened)
    if (isMaster(server) && server.connection.isOpen && !servers.has(server.view.nodeId))
      servers.set(server.view.nodeId, server);
    else server.connection.destroy(new NodeError('lost', 'this server owns no slots'));
  if (servers.size === 0) throw firstOf(errors) ?? new NodeError('master-down', 'no server of the cluster owns slots');
  return { owners, servers };
}

interface Outcome {
  readonly opened: readonly OpenedServer[];
  readonly errors: readonly unknown[];
}

function openAll({ hosts, open, clock, signal, before, graceMs }: FleetParts): Promise<Outcome> {
  const opened: OpenedServer[] = [];
  const errors: unknown[] = [];
  const asked = new Set<string>();
  const late = new AbortController();
  return new Promise((resolve) => {
    let pending = 0;
    let grace: Timer | undefined;
    let isDecided = false;
    const decide = (): void => {
      if (isDecided) return;
      isDecided = true;
      grace?.cancel();
      stopListening();
      late.abort();
      resolve({ opened, errors });
    };
    const stopListening = onAbort(signal, decide);
    const ask = (address: Address): void => {
      const place = placeOf(address);
      if (isDecided || asked.has(place)) return;
      asked.add(place);
      pending++;
      open(address, late.signal)
        .then((server) => {
          if (isDecided) {
            server.connection.destroy(new NodeError('lost', 'it came too late'));
            return;
          }
          opened.push(server);
          for (const claim of server.view.claims) ask(claim.address);
          grace ??= setFairTimer(clock, decide, graceMs);
        })
        .catch((error) => errors.push(error))
        .finally(() => {
          if (--pending === 0) decide();
        });
    };
    if (signal.aborted) decide();
    for (const { address } of before?.claims ?? []) ask(address);
    for (const host of hosts) ask(host);
  });
}

/** What most likely keeps us out: that a server refuses tells more than that another is silent. */
function firstOf(errors: readonly unknown[]): CacheError | undefined {
  const known = errors.filter((error) => error instanceof CacheError);
  return known.find((error) => error instanceof NodeError && error.reason === 'auth') ?? known[0];
}
