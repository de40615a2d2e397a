/**
 * Renewal, the other half of rule R13: what is read on a stand-in lives on there, up to the end that its envelope tells.
 * Else an outage would end every session `standInTtlMs` after it was last written.
 *
 * An entry lives on for at least half of `standInTtlMs` after it was read: a key is looked at in a quarter of that at most
 * once, and renewed if less than three quarters are left; so many processes that read one key renew it no oftener than one.
 * All of it goes on off the caller's path, and what fails is left to a later read.
 *
 * The entry is stored again as it stands, and only if it is still the one that was looked at: a bare touch might come behind
 * a write, and give what that wrote a life that nobody asked for. Hence nothing is renewed where the node cannot compare,
 * nor what has no envelope: nobody there knows how long a counter or a raw value was to live.
 */

import pLimit from 'p-limit';
import type { Topology } from '../cluster/topology.js';
import { type Inspection, NO_EXPIRY } from '../driver/driver.js';
import { expiresAtAt, isEnvelope } from '../envelope.js';
import { RefillFilter } from '../near/refill-filter.js';
import type { CacheNode } from '../node/cache-node.js';
import type { ReadContext } from './contexts.js';
import type { Copying } from './copying.js';
import { toldLife } from './life.js';
import { promised, type Target } from './promised-attempt.js';
import { stoodIn } from './stand-in.js';

const LOOKS = 4;
const ENOUGH = 3 / 4;
/** The end of a life is not worth renewing it for. */
const LAST_MS = 1_000;

/** Under way at once, and waiting: more are dropped, since the next read asks again. */
const CONCURRENCY = 8;
const MAX_WAITING = 1_000;

export class StandInRenewal {
  readonly #context: ReadContext;
  readonly #copying: Copying;
  readonly #limit = pLimit(CONCURRENCY);
  /** Half a megabyte, which a cache that sees no outage does without. */
  #seen: RefillFilter | undefined;

  constructor(context: ReadContext, copying: Copying) {
    this.#context = context;
    this.#copying = copying;
  }

  /** A value was read at `node` at the monotonic time `nowMs`. */
  request(topology: Topology, node: CacheNode, key: string, hash: number, nowMs: number): void {
    const { standInTtlMs, values, attemptMs: timeoutMs } = this.#context;
    if (standInTtlMs === Number.POSITIVE_INFINITY || !values.isEnveloped) return;
    if (!node.driver.capabilities.compareAndSet) return;
    // Before the filter takes note: what is dropped here is due again at the next read.
    if (this.#limit.activeCount + this.#limit.pendingCount >= MAX_WAITING) return;
    this.#seen ??= new RefillFilter(standInTtlMs / LOOKS);
    if (!this.#seen.isDue(hash, nowMs) || !stoodIn(this.#context, topology, node, key)) return;
    void this.#limit(() => this.#renew(node, { key, hash, timeoutMs }));
  }

  async #renew(node: CacheNode, target: Target): Promise<void> {
    const { standInTtlMs, calendar } = this.#context;
    const found = await promised<Inspection | undefined>(target, (origin) => node.inspect(origin, 'background', true));
    if (found.failure !== undefined || found.result === undefined) return;
    const { bytes, ttlMs, token } = found.result;
    if (ttlMs === NO_EXPIRY || !isEnvelope(bytes, 0) || this.#copying.trusts(target, node, bytes) !== true) return;
    const expiresAt = expiresAtAt(bytes, 0);
    const leftMs = expiresAt === 0 ? Number.POSITIVE_INFINITY : expiresAt - calendar.now();
    if (ttlMs >= Math.min(standInTtlMs * ENOUGH, leftMs - LAST_MS)) return;
    const lifeMs = Math.min(standInTtlMs, leftMs);
    await promised<boolean>(target, (origin) =>
      node.store(origin, 'background', 'compare', bytes, toldLife(node, bytes, true, lifeMs), token),
    );
  }
}
