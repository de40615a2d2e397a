/**
 * Who owns which slots, as servers of a cluster tell it (`CLUSTER NODES`), and the one truth made of several views.
 *
 * Each owner claims its slots under a number (config epoch) that every fail-over and every move of a slot raises: of two
 * claims on a slot the higher number holds, which is the rule of the servers themselves. So one that hung while another
 * took over, and still believes it is the owner, is outvoted by any that knows better. Which slots a server has given
 * away it knows best itself, as long as nobody has heard of a higher number of it.
 */

import type { Address } from '../../driver.js';
import { SLOTS } from './key-slot.js';

/** A server that claims slots. */
export interface Claim {
  /** Its name in the cluster, which it keeps as long as it is part of it. */
  readonly nodeId: string;
  readonly address: Address;
  readonly epoch: number;
  /** First and last slot of each range. */
  readonly ranges: readonly (readonly [number, number])[];
}

export interface ClusterView {
  /** Of the server that told this. */
  readonly nodeId: string;
  /** Whether it takes itself for a master, slots or none. */
  readonly isMaster: boolean;
  readonly epoch: number;
  readonly claims: readonly Claim[];
  /** Whether a slot is on its way from or to this server. */
  readonly isMoving: boolean;
}

/** Of each slot the claim that holds; `undefined` where nobody claims it. */
export type SlotOwners = readonly (Claim | undefined)[];

/**
 * `asked` is where the server was asked: one that does not know its own address leaves it out. `byName`: servers that
 * announce a host name are called by it, since certificates are made out to names.
 */
export function parseView(text: string, asked: Address, byName: boolean): ClusterView | undefined {
  const claims: Claim[] = [];
  let own: string | undefined;
  let isMaster = false;
  let ownEpoch = 0;
  let isMoving = false;
  for (const line of text.split('\n')) {
    const [nodeId = '', place = '', flags = '', , , , epoch = '', , ...slots] = line.trim().split(' ');
    const told = flags.split(',');
    const isOwn = told.includes('myself');
    if (isOwn) {
      own = nodeId;
      ownEpoch = Number(epoch) || 0;
      isMaster = told.includes('master');
      isMoving = slots.some((slot) => slot.startsWith('['));
    }
    const address = parsePlace(place, isOwn ? asked : undefined, byName);
    const ranges = slots.map(parseRange).filter((range) => range !== undefined);
    if (told.includes('master') && address !== undefined && ranges.length > 0)
      claims.push({ nodeId, address, epoch: Number(epoch) || 0, ranges });
  }
  return own === undefined ? undefined : { nodeId: own, isMaster, epoch: ownEpoch, claims, isMoving };
}

export function mergeViews(views: readonly ClusterView[]): SlotOwners {
  const owners: (Claim | undefined)[] = Array(SLOTS).fill(undefined);
  const ownEpochs = new Map(views.map(({ nodeId, epoch }) => [nodeId, epoch]));
  for (const { nodeId, claims } of views)
    for (const claim of claims) {
      if (claim.nodeId !== nodeId && (ownEpochs.get(claim.nodeId) ?? -1) >= claim.epoch) continue;
      for (const [from, to] of claim.ranges)
        for (let slot = from; slot <= to; slot++) {
          const other = owners[slot];
          if (other === undefined || claim.epoch > other.epoch) owners[slot] = claim;
        }
    }
  return owners;
}

/** One claim for each server that owns slots, by its name in the cluster. */
export function ownersIn(owners: SlotOwners): ReadonlyMap<string, Claim> {
  const found = new Map<string, Claim>();
  let last: Claim | undefined;
  for (const claim of owners) {
    if (claim === undefined || claim === last) continue;
    last = claim;
    found.set(claim.nodeId, claim);
  }
  return found;
}

export function placeOf({ host, port }: Address): string {
  return `${host}:${port}`;
}

/** `ip:port@busport,hostname`, or without the later parts. */
function parsePlace(place: string, asked: Address | undefined, byName: boolean): Address | undefined {
  const [endpoint = '', hostname = ''] = place.split(',');
  const told = endpoint.replace(/@\d+$/, '');
  const colon = told.lastIndexOf(':');
  const port = Number(told.slice(colon + 1)) || asked?.port;
  const ip = told.slice(0, colon).replace(/^\[|\]$/g, '');
  const host = (byName && hostname !== '' ? hostname : ip) || asked?.host;
  return host === undefined || port === undefined ? undefined : { host, port };
}

/** `undefined` for a slot on its way, which stands in brackets. */
function parseRange(text: string): readonly [number, number] | undefined {
  const [from, to = from] = text.split('-').map(Number);
  if (from === undefined || to === undefined || !(from >= 0) || !(to < SLOTS)) return undefined;
  return [from, to];
}
