/** The public call that gives an entry another time to live, checked and handed to `replication/touch`. */

import type { CacheParts } from '../cache-parts.js';
import { OptionError } from '../errors.js';
import { touch } from '../replication/touch.js';
import { type Call, resolveTtl } from './call-options.js';

export async function touchEntry(parts: CacheParts, key: string, ttlMs: number | 'none', call: Call): Promise<boolean> {
  const { keys, near, topology, write } = parts;
  const wire = keys.toWireKey(key);
  if (ttlMs === undefined) throw new OptionError('ttlMs', 'is needed');
  near?.delete(wire);
  return touch(write, { topology, key: wire, ttlMs: resolveTtl(ttlMs, 0), ...call });
}
