/**
 * One way in which an old value comes back (W1 to W13), as tests: with all rules on nothing stale is read, and enough is
 * hit that answering misses would not pass; with the rules that close it switched off, the scenario does read an old value.
 */

import { describe, expect, it } from 'vitest';
import type { StalenessRule } from '../../../src/base/staleness-rules.js';
import type { TestCodec } from './values.js';
import type { WatchedCache } from './watched-cache.js';
import { type NodeKind, World } from './world.js';

export type Scenario = (world: World) => Promise<Pick<WatchedCache, 'stale' | 'hits' | 'reads'>>;

export interface Catch {
  /** Switched off together: all that closes the way, so that leaving out any of them would still close it. */
  readonly rules: readonly StalenessRule[];
  /** Why these and no fewer. */
  readonly because: string;
  /** @default both */
  readonly codecs?: readonly TestCodec[];
  /** @default those of the way */
  readonly kinds?: readonly NodeKind[];
}

export interface Way {
  /** As in `W8`. */
  readonly name: string;
  readonly says: string;
  readonly scenario: Scenario;
  /** Least share of the reads that must hit. */
  readonly hitShare: number;
  readonly caught: readonly Catch[];
  /** @default redis and memcached */
  readonly kinds?: readonly NodeKind[];
}

const CODECS: readonly TestCodec[] = ['json', 'string'];

export function testWay({ name, says, scenario, hitShare, caught, kinds = ['redis', 'memcached'] }: Way): void {
  describe(`${name} ${says}`, () => {
    for (const kind of kinds) {
      for (const codec of CODECS)
        it(`${name} on ${kind}: nothing stale, ${hitShare * 100} % hits or more (${codec})`, async () => {
          const { stale, hits, reads } = await scenario(new World(kind, codec, []));
          expect(stale).toEqual([]);
          expect(reads).toBeGreaterThan(0);
          expect(hits / reads).toBeGreaterThanOrEqual(hitShare);
        });
      for (const one of caught) {
        if (one.kinds?.includes(kind) === false) continue;
        for (const codec of one.codecs ?? CODECS)
          it(`${name} on ${kind}: is caught with ${ruleNames(one.rules)} switched off, ${one.because} (${codec})`, async () => {
            const { stale } = await scenario(new World(kind, codec, one.rules));
            expect(stale).not.toEqual([]);
          });
      }
    }
  });
}

function ruleNames(rules: readonly StalenessRule[]): string {
  return rules.length === 1 ? `rule ${rules[0]}` : `rules ${rules.join(', ')}`;
}
