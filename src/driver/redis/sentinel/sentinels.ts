/**
 * Sentinels, asked for the present master of one name: all at once, by connections that are kept.
 *
 * Every fail-over raises the number (config epoch) under which sentinels tell a master; of different answers the highest
 * number counts. A sentinel that was cut off may still tell the master before: so an answer waits for a majority of the
 * sentinels listed, or a moment, and one with a lower number than was seen before needs that majority.
 */

import { onAbort } from '../../../base/abort.js';
import type { Clock, Timer } from '../../../base/clock.js';
import { type CacheError, NodeError } from '../../../errors.js';
import type { Address } from '../../driver.js';
import { openConnection } from '../open-connection.js';
import type { RedisConnection } from '../redis-connection.js';
import type { RedisDriverOptions } from '../redis-options.js';
import type { Reply } from '../reply-collector.js';

export interface MasterSighting {
  readonly address: Address;
  readonly epoch: number;
}

export interface SentinelsParts {
  readonly masterName: string;
  /** How to reach each. */
  readonly sentinels: readonly RedisDriverOptions[];
  readonly clock: Clock;
}

/** After the first answer others are waited for so long. */
const GRACE_MS = 50;
/** One sentinel may take so long, connecting included. */
const ASK_LIMIT_MS = 1_000;

export class Sentinels {
  readonly #parts: SentinelsParts;
  readonly #kept = new Map<RedisDriverOptions, RedisConnection>();
  readonly #asking = new Set<AbortController>();
  #highestEpoch = 0;

  constructor(parts: SentinelsParts) {
    this.#parts = parts;
  }

  /** Rejects with a `CacheError` if nobody knows, or only a few that are behind. */
  findMaster(signal: AbortSignal): Promise<MasterSighting> {
    const { sentinels, clock } = this.#parts;
    const sightings: MasterSighting[] = [];
    const errors: unknown[] = [];
    return new Promise((resolve, reject) => {
      let open = sentinels.length;
      let grace: Timer | undefined;
      let isDecided = false;
      const decide = (): void => {
        if (isDecided) return;
        isDecided = true;
        grace?.cancel();
        stopListening();
        const judged = this.#judge(sightings, errors);
        if (judged instanceof NodeError) reject(judged);
        else resolve(judged);
      };
      const stopListening = onAbort(signal, decide);
      const answered = (): void => {
        open--;
        if (open === 0 || sightings.length * 2 > sentinels.length) decide();
        else if (sightings.length > 0 && !isDecided) grace ??= clock.setTimer(decide, GRACE_MS, true);
      };
      if (signal.aborted) decide();
      for (const sentinel of sentinels)
        this.#ask(sentinel, signal)
          .then((sighting) => sightings.push(sighting))
          .catch((error) => errors.push(error))
          .finally(answered);
    });
  }

  /** Ends all that is kept or under way. May be used again. */
  close(): void {
    for (const asking of this.#asking) asking.abort();
    const error = new NodeError('lost', 'the sentinels are not needed any more');
    for (const connection of this.#kept.values()) connection.destroy(error);
    this.#kept.clear();
  }

  async #ask(sentinel: RedisDriverOptions, signal: AbortSignal): Promise<MasterSighting> {
    const { clock, masterName } = this.#parts;
    const asking = new AbortController();
    const limit = clock.setTimer(() => asking.abort(), ASK_LIMIT_MS);
    const stopListening = onAbort(signal, () => asking.abort());
    if (signal.aborted) asking.abort();
    this.#asking.add(asking);
    try {
      const connection = await this.#connection(sentinel, asking.signal);
      const giveUp = (): void => connection.destroy(new NodeError('unreachable', 'a sentinel did not answer in time'));
      const stopWaiting = onAbort(asking.signal, giveUp);
      if (asking.signal.aborted) giveUp();
      const questions = [
        ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', masterName],
        ['SENTINEL', 'MASTER', masterName],
      ].map((words) => connection.ask(words));
      try {
        // In the middle of a fail-over the first tells the new address before the second does, and the second its number.
        const [address, details] = await Promise.all(questions);
        return parseSighting(address, details);
      } finally {
        stopWaiting();
      }
    } finally {
      limit.cancel();
      stopListening();
      this.#asking.delete(asking);
    }
  }

  async #connection(sentinel: RedisDriverOptions, signal: AbortSignal): Promise<RedisConnection> {
    const kept = this.#kept.get(sentinel);
    if (kept?.isOpen === true) return kept;
    const opened = await openConnection(sentinel, signal, async () => undefined);
    const other = this.#kept.get(sentinel);
    if (other?.isOpen === true) {
      opened.destroy(new NodeError('lost', 'another connection is there already'));
      return other;
    }
    this.#kept.set(sentinel, opened);
    return opened;
  }

  #judge(sightings: readonly MasterSighting[], errors: readonly unknown[]): MasterSighting | NodeError {
    const { masterName, sentinels } = this.#parts;
    const best = [...sightings].sort((a, b) => b.epoch - a.epoch)[0];
    if (best === undefined) {
      const cause = errors[0];
      const why = cause instanceof Error ? `: ${cause.message}` : ' in time';
      return new NodeError('unreachable', `no sentinel told the master ${masterName}${why}`, { cause });
    }
    const isAgreed = sightings.length * 2 > sentinels.length;
    if (best.epoch < this.#highestEpoch && !isAgreed)
      return new NodeError('unreachable', `the sentinels that answer are behind the last fail-over of ${masterName}`);
    this.#highestEpoch = best.epoch;
    return best;
  }
}

/** @throws CacheError */
function parseSighting(address: Reply | undefined, details: Reply | undefined): MasterSighting {
  if (!Array.isArray(address)) throw new NodeError('rejected', 'the sentinel knows no master of this name');
  const port = Number(address[1]);
  const fields = Array.isArray(details) ? details.map(String) : [];
  const epoch = Number(fields[fields.indexOf('config-epoch') + 1]);
  if (address.length !== 2 || !Number.isInteger(port)) throw unknownShape();
  return { address: { host: String(address[0]), port }, epoch: Number.isFinite(epoch) ? epoch : 0 };
}

function unknownShape(): CacheError {
  return new NodeError('protocol', 'the sentinel answered in an unknown shape');
}
