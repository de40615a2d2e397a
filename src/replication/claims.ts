/**
 * Claims: what a copy must hold at its destination before its source is read (rule R9), so that whoever deletes or writes the
 * key there in between, in whatever process, wins.
 *
 * Where nothing stands a claim is a lease; where a leftover that does not count stands in the way (W4) it is the leftover's
 * version token, which is gone with the leftover.
 *
 * What no claim can tell: a delete by another process that reached the destination before the claim, and has yet to reach
 * the source when it is read. Copies with an envelope are then given away by their stamp wherever the delete was issued;
 * bare values are not.
 */

import type { Clock } from '../base/clock.js';
import { type Inspection, type Lease, MAX_LEASE_MS, type StoreMode } from '../driver/driver.js';
import type { CacheNode } from '../node/cache-node.js';
import type { Lane } from '../node/lane.js';
import { promised, type Target } from './promised-attempt.js';

export interface Claim {
  readonly node: CacheNode;
  readonly mode: StoreMode;
  readonly token: string | undefined;
  /** What stands in the way, and does not count here. */
  readonly leftover?: Buffer;
}

/**
 * - `present`: an entry is there, and nothing is known against the node
 * - `counts`: an entry is there that was looked at, and counts
 * - `foreign`: an entry is there that is no business of ours
 * - `held`: somebody else is about to copy
 * - `failed`: the node did not answer
 * - `never`: no copy may be made there
 */
export type NoClaim = 'present' | 'counts' | 'foreign' | 'held' | 'failed' | 'never';

export interface ClaimTerms {
  readonly lane: Lane;
  /** Whether a lease may be an empty entry to other clients: they read nothing of this codec, or not there. */
  readonly takesPlaceholders: boolean;
  /** False in tests only: then a copy is added without a lease. */
  readonly isLeased: boolean;
  /** Whether the ledger may distrust what the node holds. */
  isDoubtful(node: CacheNode): boolean;
  /** What bytes are that the node holds. */
  judge(node: CacheNode, bytes: Buffer): 'counts' | 'leftover' | 'foreign';
}

/**
 * Whether copies may go to the node. Where a lease is an empty entry to other clients it must not stand in their way, and bare
 * values are stored to be read by other clients.
 */
export function takesCopies({ driver }: CacheNode, takesPlaceholders: boolean): boolean {
  const { leases } = driver.capabilities;
  return leases === 'hidden' || (leases === 'placeholder' && takesPlaceholders);
}

/** So many leases are kept for another try. */
const MAX_SPARE = 1_000;

export class Claims {
  readonly #clock: Clock;
  /** Leases that were not used, by node and key: whoever tries again must not be kept out by himself. */
  readonly #spare = new Map<string, { readonly token: string; readonly until: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async claim(node: CacheNode, target: Target, terms: ClaimTerms): Promise<Claim | NoClaim> {
    if (!terms.isLeased) return { node, mode: 'add', token: undefined };
    if (!takesCopies(node, terms.takesPlaceholders)) return 'never';
    const spare = this.#takeSpare(node, target.key);
    if (spare !== undefined) return { node, mode: 'leased', token: spare };
    const lease = await promised<Lease>(target, (origin) => node.lease(origin, terms.lane, MAX_LEASE_MS));
    if (lease.failure !== undefined) return 'failed';
    if (typeof lease.result === 'object') return { node, mode: 'leased', token: lease.result.token };
    if (lease.result === 'held') return 'held';
    return terms.isDoubtful(node) ? claimOfLeftover(node, target, terms) : 'present';
  }

  /** The claim was not used: nothing was copied. */
  keep({ node, mode, token }: Claim, key: string): void {
    if (mode !== 'leased' || token === undefined) return;
    if (this.#spare.size >= MAX_SPARE) this.#spare.clear();
    this.#spare.set(spareKey(node, key), { token, until: this.#clock.now() + MAX_LEASE_MS });
  }

  #takeSpare(node: CacheNode, key: string): string | undefined {
    const name = spareKey(node, key);
    const spare = this.#spare.get(name);
    this.#spare.delete(name);
    return spare !== undefined && spare.until > this.#clock.now() ? spare.token : undefined;
  }
}

function spareKey(node: CacheNode, key: string): string {
  return `${node.slot} ${key}`;
}

async function claimOfLeftover(node: CacheNode, target: Target, terms: ClaimTerms): Promise<Claim | NoClaim> {
  const found = await promised<Inspection | undefined>(target, (origin) => node.inspect(origin, terms.lane, true));
  if (found.failure !== undefined) return 'failed';
  // Gone since the lease was refused: as if somebody held it.
  if (found.result === undefined) return 'held';
  const { bytes, token } = found.result;
  const judged = terms.judge(node, bytes);
  return judged === 'leftover' ? { node, mode: 'compare', token, leftover: bytes } : judged;
}
