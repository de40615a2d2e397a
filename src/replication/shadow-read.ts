/**
 * ShadowRead: asks the new place of a key for what the old one has just answered, compares the two, and counts. It writes
 * nothing, serves nothing, and is dropped where too much of it is under way.
 *
 * A key written here meanwhile is not compared; and what differs is looked up once more in the old place, since others may
 * have written it between the two looks.
 */

import pLimit from 'p-limit';
import { secondHash } from '../base/string-hash.js';
import { CORRUPT, type Kept } from '../codec/transcoder.js';
import type { CacheNode } from '../node/cache-node.js';
import type { ReadContext } from './contexts.js';
import type { Target } from './promised-attempt.js';
import { sight } from './sight.js';

/** Reads by how their answers in the two places compare. */
export interface ShadowCounts {
  /** Looked up in both. */
  compared: number;
  /** Both have a value, and not the same. */
  different: number;
  /** To be expected of all that has not been carried over. */
  onlyInOld: number;
  /** Left behind in the new place by an earlier placement: it would be served once the key is cut over. */
  onlyInNew: number;
  /** The new place did not answer, or was not asked. */
  unanswered: number;
}

const CONCURRENCY = 16;
const MAX_WAITING = 1_000;

export class ShadowRead {
  readonly counts: ShadowCounts = { compared: 0, different: 0, onlyInOld: 0, onlyInNew: 0, unanswered: 0 };
  readonly #context: ReadContext;
  readonly #limit = pLimit(CONCURRENCY);
  #pending = 0;

  constructor(context: ReadContext) {
    this.#context = context;
  }

  /** @param kept what the old place answered, `undefined` for a miss */
  compare(key: string, hash: number, generation: number, kept: Kept | undefined, from: CacheNode, to: CacheNode): void {
    if (from === to) return;
    if (this.#pending >= MAX_WAITING || !to.isServing) {
      this.counts.unanswered++;
      return;
    }
    this.#pending++;
    const target = { key, hash, timeoutMs: this.#context.attemptMs };
    void this.#limit(() => this.#compare(target, generation, kept, from, to)).finally(() => this.#pending--);
  }

  async #compare(
    target: Target,
    generation: number,
    kept: Kept | undefined,
    from: CacheNode,
    to: CacheNode,
  ): Promise<void> {
    const { generations } = this.#context;
    const isCurrent = (): boolean => generations.isCurrent(target.hash, generation);
    if (!isCurrent()) return;
    const found = await this.#look(to, target);
    if (!isCurrent()) return;
    if (found !== 'unanswered' && !isSame(found, kept)) {
      const again = await this.#look(from, target);
      if (!isCurrent() || again === 'unanswered' || !isSame(again, kept)) return;
    }
    this.#count(kept, found);
  }

  #count(kept: Kept | undefined, found: Kept | undefined | 'unanswered'): void {
    const { counts } = this;
    if (found === 'unanswered') {
      counts.unanswered++;
      return;
    }
    counts.compared++;
    if (isSame(found, kept)) return;
    if (found === undefined) counts.onlyInOld++;
    else if (kept === undefined) counts.onlyInNew++;
    else counts.different++;
  }

  async #look(node: CacheNode, target: Target): Promise<Kept | undefined | 'unanswered'> {
    const { values, calendar } = this.#context;
    const found = await sight(node, target, 'background');
    if (found.failure !== undefined) return 'unanswered';
    if (found.result === undefined) return undefined;
    const { bytes } = found.result;
    const calendarMs = node.keepsTime ? 0 : calendar.now();
    const verdict = values.check(bytes, 0, bytes.length, secondHash(target.key), calendarMs);
    if (verdict !== 'ok' && verdict !== 'digits') return undefined;
    const kept = values.keep(bytes, 0, bytes.length);
    return kept === CORRUPT ? undefined : kept;
  }
}

function isSame(a: Kept | undefined, b: Kept | undefined): boolean {
  return a?.flags === b?.flags && a?.payload === b?.payload;
}
