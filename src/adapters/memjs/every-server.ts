/** What is asked of every server: each answers, or fails, once, within the deadline of a call. */

import type { CacheParts } from '../../cache-parts.js';
import type { CacheError } from '../../errors.js';
import { promised } from '../../replication/promised-attempt.js';
import type { Results } from './callbacks.js';

interface ServerReply {
  readonly name: string;
  readonly reply: unknown;
  readonly error: CacheError | undefined;
}

export class EveryServer {
  readonly #parts: CacheParts;

  constructor(parts: CacheParts) {
    this.#parts = parts;
  }

  /** Fills `results`. @throws the last error among them */
  async flush(results: Results): Promise<Results> {
    let last: CacheError | undefined;
    for (const { name, error } of await Promise.all(this.#ask(['flush_all']))) {
      results[name] = error ?? true;
      last = error ?? last;
    }
    if (last !== undefined) throw last;
    return results;
  }

  /** Tells each server's statistics as they come. */
  stats(
    section: string,
    told: (error: CacheError | null, name: string, stats: Record<string, string> | null) => void,
  ): void {
    const words = String(section).split(' ');
    for (const answer of this.#ask(['stats', ...words.filter((word) => word !== '')])) {
      void answer.then(({ name, reply, error }) => {
        if (error === undefined) told(null, name, statisticsOf(reply));
        else told(error, name, null);
      });
    }
  }

  /** By server, in the order of the list. @throws CacheError if one cannot tell */
  async versions(): Promise<Record<string, string>> {
    const versions: Record<string, string> = {};
    for (const { name, reply, error } of await Promise.all(this.#ask(['version']))) {
      if (error !== undefined) throw error;
      versions[name] = versionIn(reply);
    }
    return versions;
  }

  /** Of the first server. @throws CacheError if it cannot tell */
  async version(): Promise<string> {
    const first = await this.#ask(['version'])[0];
    if (first?.error !== undefined) throw first.error;
    return versionIn(first?.reply);
  }

  /** None of the promises rejects. */
  #ask(words: readonly string[]): Promise<ServerReply>[] {
    const { topology, defaults } = this.#parts;
    const target = { key: '', hash: 0, timeoutMs: defaults.totalMs };
    return topology.nodes.map(async (node): Promise<ServerReply> => {
      const { name } = node;
      try {
        this.#parts.assertOpen();
      } catch (error) {
        return { name, reply: undefined, error: error as CacheError };
      }
      const outcome = await promised<unknown>(target, (origin) => node.raw(origin, 'interactive', words));
      return outcome.failure === undefined
        ? { name, reply: outcome.result, error: undefined }
        : { name, reply: undefined, error: outcome.failure.error };
    });
  }
}

function versionIn(reply: unknown): string {
  return String(reply).replace(/^VERSION /, '');
}

/** Of the lines of `stats`, by name; none where the reply is one word. */
function statisticsOf(reply: unknown): Record<string, string> {
  const found: [string, string][] = [];
  for (const line of Array.isArray(reply) ? reply : []) {
    const [, name, value = ''] = /^(?:STAT|ITEM|PREFIX) (\S+) ?(.*)$/.exec(String(line)) ?? [];
    if (name !== undefined) found.push([name, value]);
  }
  return Object.fromEntries(found);
}
