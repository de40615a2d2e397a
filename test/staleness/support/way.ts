/**
 * One way in which an old value comes back (W1 to W13), as tests: with all rules on nothing stale is read, and enough is
 * hit that answering misses would not pass; with the rules that close it switched off, the scenario does read an old value.
 */

import { describe, expect, it } from 'vitest';
import type { StalenessRule } from '../../../src/base/staleness-rules.js';
import type { TestCodec } from './values.js';
import type { WatchedCache } from './watched-cache.js';
import { type NodeKind, World } from './world.js';

type Outcome = Pick<WatchedCache, 'stale' | 'hits' | 'reads'>;

export type Scenario = (world: World) => Promise<Outcome>;

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

/** A machine that is too busy for the deadlines has the scenario once more, with longer ones. */
const PATIENCE = [1, 4, 16] as const;

/** Whatever was stale in any of the runs, one that broke off included; otherwise the last of them, which `isEnough` unless none was. */
async function played(scenario: Scenario, world: (patience: number) => World, isEnough: (outcome: Outcome) => boolean) {
  for (const patience of PATIENCE) {
    const isLast = patience === PATIENCE.at(-1);
    const tried = world(patience);
    const outcome = await scenario(tried).catch((error: unknown): Outcome | undefined => {
      const caught = tried.watched.find(({ stale }) => stale.length > 0);
      if (caught === undefined && isLast) throw error;
      return caught;
    });
    if (outcome !== undefined && (isLast || outcome.stale.length > 0 || isEnough(outcome))) return outcome;
  }
  throw new Error('unreachable');
}

const CODECS: readonly TestCodec[] = ['json', 'string'];

export function testWay({ name, says, scenario, hitShare, caught, kinds = ['redis', 'memcached'] }: Way): void {
  describe(`${name} ${says}`, () => {
    for (const kind of kinds) {
      for (const codec of CODECS)
        it(`${name} on ${kind}: nothing stale, ${hitShare * 100} % hits or more (${codec})`, async () => {
          const makeWorld = (patience: number) => new World(kind, codec, [], patience);
          const { stale, hits, reads } = await played(
            scenario,
            makeWorld,
            (each) => each.hits / each.reads >= hitShare,
          );
          expect(stale).toEqual([]);
          expect(reads).toBeGreaterThan(0);
          expect(hits / reads).toBeGreaterThanOrEqual(hitShare);
        });
      for (const one of caught) {
        if (one.kinds?.includes(kind) === false) continue;
        for (const codec of one.codecs ?? CODECS)
          it(`${name} on ${kind}: is caught with ${ruleNames(one.rules)} switched off, ${one.because} (${codec})`, async () => {
            const makeWorld = (patience: number) => new World(kind, codec, one.rules, patience);
            const { stale } = await played(scenario, makeWorld, () => false);
            expect(stale).not.toEqual([]);
          });
      }
    }
  });
}

function ruleNames(rules: readonly StalenessRule[]): string {
  return rules.length === 1 ? `rule ${rules[0]}` : `rules ${rules.join(', ')}`;
}
