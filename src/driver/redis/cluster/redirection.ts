/** What a server of a cluster says when it does not carry out a command, and what that means. None of it was carried out. */

import { type CacheError, NodeError } from '../../../errors.js';
import type { Address, Operation } from '../../driver.js';
import { noteRefusal, refusalOf } from '../../refusal.js';

export type Redirection =
  /** The slot belongs to another server, or is on its way there and the key is no longer here. */
  | { readonly kind: 'moved' | 'ask'; readonly slot: number; readonly address: Address }
  /** The slot is on its way, and the keys of one command are not all on one side. */
  | { readonly kind: 'divided' }
  /** The server takes the cluster for down, or nobody for the owner of the slot. */
  | { readonly kind: 'down' | 'unserved' }
  /** Keys of several slots in one command. */
  | { readonly kind: 'crossing' };

/** `undefined` for any other refusal. `asked` stands for the address where the server leaves it out. */
export function redirectionOf(error: CacheError, asked: Address): Redirection | undefined {
  const text = refusalOf(error);
  if (text === undefined) return undefined;
  const [word, slot = '', place = ''] = text.split(' ');
  switch (word) {
    case 'MOVED':
    case 'ASK': {
      const colon = place.lastIndexOf(':');
      const host = place.slice(0, colon);
      const port = Number(place.slice(colon + 1));
      if (colon < 0 || !Number.isInteger(port) || !Number.isInteger(Number(slot))) return undefined;
      const address = { host: host === '' || host === '?' ? asked.host : host, port };
      return { kind: word === 'MOVED' ? 'moved' : 'ask', slot: Number(slot), address };
    }
    case 'TRYAGAIN':
      return { kind: 'divided' };
    case 'CLUSTERDOWN':
      return { kind: text.includes('not served') ? 'unserved' : 'down' };
    case 'CROSSSLOT':
      return { kind: 'crossing' };
    default:
      return undefined;
  }
}

/** Settles an operation that no other server is to be asked for. */
export function failedBy(
  kind: Exclude<Redirection['kind'], 'moved' | 'ask'>,
  operation: Operation,
  error: CacheError,
): void {
  const text = refusalOf(error) ?? '';
  const failure = noteRefusal(new NodeError(REASONS[kind], `Redis Cluster refused: ${text.slice(0, 200)}`), text);
  const isReply = operation.kind === 'raw' && operation.takesRefusals === true && REASONS[kind] === 'rejected';
  if (isReply) operation.done(failure);
  else operation.fail(failure);
}

/**
 * A slot that nobody serves is a loss of that part, not of the node: it counts as a lost link of single operations does. A
 * cluster that is down as a whole is the node's own word that it cannot serve.
 */
const REASONS = { divided: 'rejected', crossing: 'rejected', unserved: 'lost', down: 'cluster' } as const;
