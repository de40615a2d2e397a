import { describe, expect, it } from 'vitest';
import { illegalStore } from '../../../src/driver/memcached/legality.js';

const nothing = { done: () => undefined, fail: () => undefined };
const ITEM_BYTES = 1_024;

describe('the size of a value to be stored', () => {
  it('is that of its string where there is one, and no buffer is made to learn it', () => {
    const store = (length: number) => ({
      kind: 'store' as const,
      key: 'k',
      mode: 'set' as const,
      get bytes(): Buffer {
        throw new Error('a buffer was asked for');
      },
      latin1: 'v'.repeat(length),
      ttlMs: 0,
      ...nothing,
    });
    expect(illegalStore(store(100), ITEM_BYTES)).toBeUndefined();
    expect(illegalStore(store(ITEM_BYTES), ITEM_BYTES)).toMatchObject({ kind: 'known' });
  });
});
