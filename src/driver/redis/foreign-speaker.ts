/** Who may be speaking on a port that does not speak RESP, judged by the first bytes. */

/**
 * The bytes themselves are never quoted: after a loss of framing they may be part of a value.
 */
export function guessSpeaker(bytes: Buffer, start = 0): string {
  const head = bytes.latin1Slice(start, Math.min(bytes.length, start + 16));
  if (/^[\x14-\x17]\x03/.test(head)) return 'TLS port?';
  if (head.startsWith('HTTP/')) return 'an HTTP server?';
  if (head.startsWith('SSH-')) return 'an SSH server?';
  if (/^(?:ERROR|CLIENT_ERROR|SERVER_ERROR|VALUE |STAT |EN\r|HD\r)/.test(head) || head.startsWith('\x81'))
    return 'a memcached?';
  return 'not a Redis reply';
}
