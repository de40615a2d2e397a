/**
 * Connections given up at nodes that were active then. While another node is active nothing that arrives by them can reach
 * its data, since no replica is taken that still follows another; but before their node becomes active again, they must
 * be known to be gone (rule R4, W8).
 *
 * A connection is known here by node, life of the node and the node's own name for it: in another life it is gone.
 */

import type { Connection } from '../driver/driver.js';

interface LeftConnection {
  readonly member: number;
  /** `undefined` if the node does not tell its life. */
  readonly life: string | undefined;
  /** `undefined` if the node has no name for it. */
  readonly name: string | undefined;
}

/** What a connection to node number `member` is called above. */
export function idOf(member: number, { incarnation, id }: Connection): string {
  return JSON.stringify([member, incarnation?.id ?? null, id ?? null]);
}

export class LeftConnections {
  readonly #byMember = new Map<number, Set<string>>();

  /**
   * Whether the connection called `id` changes nothing any more in the data of `member`, to which `present` leads. One to
   * another node does not, for now; it is remembered.
   */
  async ensureGone(id: string, member: number, present: Connection): Promise<boolean> {
    const left = parse(id);
    if (left === undefined) return false;
    if (left.member === member) return isGone(left, present);
    const ids = this.#byMember.get(left.member) ?? new Set();
    this.#byMember.set(left.member, ids.add(id));
    return true;
  }

  has(member: number): boolean {
    return (this.#byMember.get(member)?.size ?? 0) > 0;
  }

  /** Makes sure of all that were left at `member`; `hasSettled` if what cannot be asked about has had its time. */
  async clear(member: number, present: Connection, hasSettled: boolean): Promise<boolean> {
    const ids = this.#byMember.get(member) ?? new Set();
    for (const id of [...ids]) {
      const left = parse(id);
      if (left === undefined || (await isGone(left, present)) || hasSettled) ids.delete(id);
    }
    return ids.size === 0;
  }
}

async function isGone({ life, name }: LeftConnection, present: Connection): Promise<boolean> {
  const now = present.incarnation?.id;
  if (life !== undefined && now !== undefined && life !== now) return true;
  return name !== undefined && (await present.ensureGone(name));
}

function parse(id: string): LeftConnection | undefined {
  if (!id.startsWith('[')) return undefined;
  const [member, life, name] = JSON.parse(id) as [number, string | null, string | null];
  return { member, life: life ?? undefined, name: name ?? undefined };
}
