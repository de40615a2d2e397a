/**
 * Sorts Redis's error replies by their first word into the reasons of `NodeError`. Command arguments never appear in them,
 * though Redis itself repeats those of a command that it does not know: values, and the password of AUTH.
 */

import { type CacheError, NodeError, type NodeErrorReason } from '../../errors.js';
import { noteRefusal } from '../refusal.js';

const REASON_OF_WORD: ReadonlyMap<string, NodeErrorReason> = new Map([
  ['OOM', 'full'],
  ['MISCONF', 'full'],
  ['WRONGTYPE', 'wrong-type'],
  ['READONLY', 'read-only'],
  ['LOADING', 'loading'],
  ['MASTERDOWN', 'master-down'],
  ['CLUSTERDOWN', 'cluster'],
  ['MOVED', 'cluster'],
  ['ASK', 'cluster'],
  ['CROSSSLOT', 'cluster'],
  ['NOAUTH', 'auth'],
  ['WRONGPASS', 'auth'],
  ['NOPERM', 'auth'],
  ['BUSY', 'busy'],
]);

const REMEDY: Partial<Record<NodeErrorReason, string>> = {
  cluster: 'this node is part of a Redis Cluster: name it with redis+cluster://',
  auth: 'check the user name, the password and the ACL of this node',
};

const REPEATED = /,? with args beginning with.*/s;

/** The error for a reply that began with `-`; `text` is the rest of its line. */
export function errorOfReply(text: string): CacheError {
  const word = /^[A-Z]+/.exec(text)?.[0] ?? '';
  const reason = REASON_OF_WORD.get(word) ?? reasonOfSentence(text);
  const remedy = REMEDY[reason];
  const told = text.replace(REPEATED, '').slice(0, 200);
  const error = new NodeError(reason, `Redis refused: ${told}${remedy === undefined ? '' : ` (${remedy})`}`);
  return noteRefusal(error, Buffer.from(text, 'latin1').toString());
}

function reasonOfSentence(text: string): NodeErrorReason {
  if (text.startsWith('ERR max number of clients')) return 'too-many-clients';
  if (text.startsWith('ERR invalid password') || text.startsWith('ERR AUTH') || text.startsWith('ERR Client sent AUTH'))
    return 'auth';
  return 'rejected';
}
