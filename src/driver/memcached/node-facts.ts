/** What a memcached tells of itself in `stats`, `stats settings` and `stats conns`. */

import type { Incarnation } from '../driver.js';

export interface NodeFacts {
  readonly incarnation: Incarnation | undefined;
  /** The server's time, in seconds since 1970. */
  readonly time: number | undefined;
  readonly connections: number | undefined;
}

/** Header of an item and the CAS value behind it, the NUL after the key and the line break after the value. */
const ITEM_OVERHEAD = 48 + 8 + 1 + 2;

/** `STAT name value` lines. */
export function statistics(lines: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = /^STAT (\S+) (.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) found.set(name, value);
  }
  return found;
}

/**
 * An incarnation is named by the second it started in, which `time - uptime` keeps constant, and by its process id: the
 * one tells apart containers, where every pid is 1, the other two starts within a second and a warm restart, which
 * restores the start time with the data.
 */
export function nodeFacts(stats: ReadonlyMap<string, string>): NodeFacts {
  const time = count(stats.get('time'));
  const uptime = count(stats.get('uptime'));
  const items = count(stats.get('curr_items'));
  return {
    incarnation:
      time === undefined || uptime === undefined
        ? undefined
        : { id: `${time - uptime}.${stats.get('pid') ?? ''}`, isEmpty: items === 0 },
    time,
    connections: count(stats.get('curr_connections')),
  };
}

/** Largest item, key, value and header together. */
export function largestItem(settings: ReadonlyMap<string, string>): number | undefined {
  return count(settings.get('item_size_max'));
}

/** Largest value that fits into such an item beside a key of `keyBytes`. */
export function largestValue(itemBytes: number, keyBytes: number): number {
  return itemBytes - ITEM_OVERHEAD - keyBytes;
}

/** The far ends of all connections. */
export function connectionNames(lines: readonly string[]): Set<string> {
  const names = new Set<string>();
  for (const line of lines) {
    const name = /^STAT \d+:addr (\S+)$/.exec(line)?.[1];
    if (name !== undefined) names.add(name);
  }
  return names;
}

function count(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
