/**
 * RingPlan: what a change of placement would move, told before it is made.
 *
 * Between two rings the figures are exact, summed over arcs. Where a placement has no arcs they are estimated over 65,536
 * sample keys and `isExact` says so.
 */

export interface RingMove {
  readonly from: string;
  readonly to: string;
  /** Share of all keys of which `to` becomes an owner where `from` was one. */
  readonly share: number;
}

export interface RingPlanData {
  readonly isExact: boolean;
  /** Copies to make, as a share of the keys: with two owners per key it may exceed what changes primary. */
  readonly movedShare: number;
  /** Arcs that change hands; 0 where the placement has none. */
  readonly arcs: number;
  /** Largest first. */
  readonly moves: readonly RingMove[];
  /** Share of the keys per node, as first owner, before and after. */
  readonly before: Readonly<Record<string, number>>;
  readonly after: Readonly<Record<string, number>>;
}

/** Sums up copies per pair of nodes. Given owners by name, `from` of a copy is an owner that left, else the primary. */
export class MoveTally {
  readonly #shares = new Map<string, Map<string, number>>();

  add(before: readonly string[], after: readonly string[], share: number): void {
    const left = before.filter((name) => !after.includes(name));
    const joined = after.filter((name) => !before.includes(name));
    joined.forEach((to, i) => {
      const from = left[i] ?? before[0] ?? '';
      const row = this.#shares.get(from) ?? new Map<string, number>();
      this.#shares.set(from, row.set(to, (row.get(to) ?? 0) + share));
    });
  }

  moves(): RingMove[] {
    const moves = [...this.#shares].flatMap(([from, row]) => [...row].map(([to, share]) => ({ from, to, share })));
    return moves.sort((a, b) => b.share - a.share || order(a.from, b.from) || order(a.to, b.to));
  }
}

export class RingPlan implements RingPlanData {
  readonly isExact: boolean;
  readonly movedShare: number;
  readonly arcs: number;
  readonly moves: readonly RingMove[];
  readonly before: Readonly<Record<string, number>>;
  readonly after: Readonly<Record<string, number>>;

  constructor(data: Omit<RingPlanData, 'movedShare'>) {
    this.isExact = data.isExact;
    this.arcs = data.arcs;
    this.moves = data.moves;
    this.before = data.before;
    this.after = data.after;
    this.movedShare = data.moves.reduce((sum, move) => sum + move.share, 0);
  }

  toJSON(): RingPlanData {
    const { isExact, movedShare, arcs, moves, before, after } = this;
    return { isExact, movedShare, arcs, moves, before, after };
  }

  /** A few lines for people. @param keys how many keys there are, to tell counts beside the shares. */
  toText(keys?: number): string {
    const amount = (share: number): string =>
      `${(share * 100).toFixed(2)} %${keys === undefined ? '' : ` (${Math.round(share * keys)} keys)`}`;
    const about = this.isExact ? '' : 'about ';
    const lines = [`moves ${about}${amount(this.movedShare)}${this.isExact ? ` in ${this.arcs} arcs` : ''}`];
    for (const { from, to, share } of this.moves) lines.push(`  ${from || '(none)'} -> ${to}: ${amount(share)}`);
    lines.push('share of each node, before -> after');
    const before = new Map(Object.entries(this.before));
    const after = new Map(Object.entries(this.after));
    for (const name of [...new Set([...before.keys(), ...after.keys()])].sort(order)) {
      lines.push(`  ${name}: ${amount(before.get(name) ?? 0)} -> ${amount(after.get(name) ?? 0)}`);
    }
    return lines.join('\n');
  }
}

/** As a record without a prototype: a node may be called `__proto__`. */
export function shares(distribution: ReadonlyMap<string, number>): Readonly<Record<string, number>> {
  const record: Record<string, number> = Object.create(null);
  for (const [name, share] of distribution) record[name] = share;
  return record;
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
