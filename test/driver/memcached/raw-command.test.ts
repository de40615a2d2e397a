import { describe, expect, it } from 'vitest';
import { rawLine } from '../../../src/driver/memcached/raw-command.js';

describe('raw commands', () => {
  it('are words joined by blanks', () => {
    expect(rawLine(['mg', 'key', 't', 'v'])).toBe('mg key t v');
    expect(rawLine(['flush_all', '10'])).toBe('flush_all 10');
    expect(rawLine([Buffer.from('version')])).toBe('version');
    expect(rawLine(['mg', 'é'])).toBe('mg Ã©');
  });

  it('are refused where a word is no word, so that nothing can be smuggled in', () => {
    for (const words of [
      [],
      [''],
      ['mg', ''],
      ['mg', 'a b'],
      ['mg', 'k\r\nflush_all'],
      ['mg', 'k\n'],
      ['mg', 'k\0'],
      ['mg', Buffer.from([0x7f])],
      ['mg k', 'v'],
      ['version', 'x'.repeat(2000)],
    ]) {
      expect(rawLine(words), JSON.stringify(words)).toBeUndefined();
    }
  });

  it('are refused where their replies could not be told from those of others', () => {
    for (const words of [
      ['ms', 'k', '5'],
      ['set', 'k', '0', '0', '5'],
      ['get', 'k'],
      ['gat', '0', 'k'],
      ['watch', 'fetchers'],
      ['quit'],
      ['shutdown'],
      ['lru_crawler', 'metadump', 'all'],
      ['mg', 'k', 'v', 'q'],
      ['md', 'k', 'q'],
      ['delete', 'k', 'noreply'],
      ['incr', 'k', '1', 'noreply'],
    ]) {
      expect(rawLine(words), words.join(' ')).toBeUndefined();
    }
    expect(rawLine(['mg', 'q', 'v'])).toBe('mg q v');
  });
});
