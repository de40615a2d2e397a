import { describe, expect, it } from 'vitest';
import { errorOfText, guessSpeaker } from '../../../src/driver/memcached/server-errors.js';
import { NodeError } from '../../../src/errors.js';

describe('error texts', () => {
  it('are sorted by what they mean', () => {
    const reasons = [
      ['SERVER_ERROR out of memory storing object', 'full'],
      ['SERVER_ERROR Out of memory allocating new item', 'full'],
      ['ERROR Too many open connections', 'too-many-clients'],
      ['CLIENT_ERROR cannot increment or decrement non-numeric value', 'wrong-type'],
      ['CLIENT_ERROR unauthenticated', 'auth'],
      ['CLIENT_ERROR authentication failure', 'auth'],
      ['SERVER_ERROR temporary failure', 'busy'],
      ['BUSY currently processing crawler request', 'busy'],
      ['CLIENT_ERROR bad command line format', 'rejected'],
      ['ERROR', 'rejected'],
      ['SERVER_ERROR what nobody has heard before', 'rejected'],
    ] as const;
    for (const [text, reason] of reasons) {
      const error = errorOfText(text, 'k');
      expect(error).toBeInstanceOf(NodeError);
      expect(error).toMatchObject({ code: 'ERR_NODE', reason, key: 'k' });
    }
  });

  it('B9: tell a value that is too large', () => {
    expect(errorOfText('SERVER_ERROR object too large for cache', 'k').code).toBe('ERR_VALUE_TOO_LARGE');
  });

  it('are quoted short and printable', () => {
    const { message } = errorOfText(`SERVER_ERROR \x1b[2J${'x'.repeat(5000)}`, '');
    expect(message.length).toBeLessThan(200);
    expect(message).not.toContain('\x1b');
  });
});

describe('foreign bytes', () => {
  it('A16: are named by their likely speaker, never quoted', () => {
    const guess = (text: string) => guessSpeaker(Buffer.from(text, 'latin1'), 0, text.length);
    expect(guess('HTTP/1.1 400 Bad Request')).toContain('HTTP');
    expect(guess('SSH-2.0-OpenSSH_9')).toContain('SSH');
    expect(guess('\x15\x03\x01\x00\x02\x02F')).toContain('TLS');
    expect(guess("-ERR unknown command 'stats'")).toContain('Redis');
    expect(guess('\x81\x10\x00\x00')).toContain('sasl');
    expect(guess('secret value')).not.toContain('secret');
  });
});
