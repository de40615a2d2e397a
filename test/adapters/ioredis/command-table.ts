/** The command table of the running server: what it knows, container commands by their subcommands, and what it says of them. */

import type { Comparison } from './oracle-call.js';

export interface CommandEntry extends Comparison {
  /** `get`, or `xgroup create` */
  readonly name: string;
  readonly isContainer: boolean;
  readonly arity: number;
  readonly flags: ReadonlySet<string>;
  readonly isKeyed: boolean;
}

/** The table calls them nondeterministic; on the same world, called as the forms call them, they are not. */
const EXACT = 'dump,object encoding,object refcount,object freq,xadd,xautoclaim,xclaim,xtrim,xinfo groups'.split(',');
const ONLY_UNORDERED = ['hscan', 'sscan', 'zscan'];
/** And this is, though the table says nothing of it: the allocator's business. */
const RANDOM = ['memory usage'];

/** From the answer to COMMAND. */
export function readCommandTable(answer: unknown): ReadonlyMap<string, CommandEntry> {
  const entries = new Map<string, CommandEntry>();
  for (const row of listOf(answer)) addTo(entries, row);
  return entries;
}

function addTo(entries: Map<string, CommandEntry>, row: unknown): void {
  const [name, arity, flags, firstKey, , , , tips, keySpecs, subcommands] = listOf(row);
  const subs = subcommands === undefined ? [] : listOf(subcommands);
  for (const sub of subs) addTo(entries, sub);
  const known = new Set(listOf(tips).map(String));
  const spaced = String(name).replace('|', ' ');
  entries.set(spaced, {
    name: spaced,
    isContainer: subs.length > 0,
    arity: Number(arity),
    flags: new Set(listOf(flags).map(String)),
    isKeyed: Number(firstKey) > 0 || listOf(keySpecs).length > 0,
    isUnordered: known.has('nondeterministic_output_order') || ONLY_UNORDERED.includes(spaced),
    isRandom:
      RANDOM.includes(spaced) ||
      (known.has('nondeterministic_output') && ![...EXACT, ...ONLY_UNORDERED].includes(spaced)),
  });
}

function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`expected a list, got ${String(value)}`);
  return value;
}
