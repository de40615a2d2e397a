/** What the error texts of memcached mean. The texts are the server's own and quote neither keys nor values. */

import { CacheError, NodeError, type NodeErrorReason } from '../../errors.js';

const LONGEST_QUOTE = 120;

/** First match wins. */
const REASONS: readonly (readonly [RegExp, NodeErrorReason])[] = [
  [/too many open connections/i, 'too-many-clients'],
  [/out of memory/i, 'full'],
  [/non-numeric/i, 'wrong-type'],
  [/unauthenticated|authentication fail|auth failure/i, 'auth'],
  [/temporary failure|\bbusy\b/i, 'busy'],
];

/** `object too large` comes with a side effect: the server has dropped the value that was stored before. */
export function errorOfText(text: string, key: string): CacheError {
  const quoted = quote(text);
  if (/object too large/i.test(text))
    return new CacheError('ERR_VALUE_TOO_LARGE', 'the value is larger than the server takes', { key });
  const reason = REASONS.find(([pattern]) => pattern.test(text))?.[1] ?? 'rejected';
  return new NodeError(reason, `memcached refused: ${quoted}`, key === '' ? {} : { key });
}

/**
 * Who may be speaking, judged by the first bytes of something that is no memcached reply. The bytes themselves are not
 * quoted: after a loss of framing they may be part of a value.
 */
export function guessSpeaker(bytes: Buffer, start: number, end: number): string {
  const head = bytes.latin1Slice(start, Math.min(end, start + 8));
  if (/^[\x14-\x17]\x03/.test(head)) return 'TLS port?';
  if (head.startsWith('HTTP/')) return 'an HTTP server?';
  if (head.startsWith('SSH-')) return 'an SSH server?';
  if (/^[-+:$*]/.test(head)) return 'a Redis server?';
  if (head.startsWith('\x81')) return 'a memcached with SASL? Then the scheme is memcached+sasl';
  return 'not a memcached reply';
}

function quote(text: string): string {
  return text.slice(0, LONGEST_QUOTE).replace(/[^\x20-\x7e]/g, '?');
}
