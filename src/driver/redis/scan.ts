/**
 * Enumeration by SCAN: a key that stays for the whole walk is told at least once. The companions of a lease are told as the
 * key they belong to, whose delete ends the lease.
 */

import { NodeError } from '../../errors.js';
import { type KeyLayout, ONE_SERVER } from './key-layout.js';
import type { Reply } from './reply-collector.js';

const KEYS_PER_STEP = 1000;

export interface Asking {
  ask(words: readonly string[]): Promise<Reply>;
}

export async function* scanKeys(
  connection: Asking,
  prefix: string,
  layout: KeyLayout = ONE_SERVER,
): AsyncGenerator<string[]> {
  const pattern = `${prefix.replace(/[\\*?[\]^-]/g, '\\$&')}*`;
  let cursor = '0';
  do {
    const reply = await connection.ask(['SCAN', cursor, 'MATCH', pattern, 'COUNT', String(KEYS_PER_STEP)]);
    if (!Array.isArray(reply) || !Array.isArray(reply[1]))
      throw new NodeError('protocol', 'SCAN was answered in an unknown shape');
    cursor = String(reply[0]);
    // An empty one too: whoever waits shall know that the walk goes on.
    yield reply[1].map((key) => layout.ownerOf(String(key))).filter((key) => key.startsWith(prefix));
  } while (cursor !== '0');
}
