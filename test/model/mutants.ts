/**
 * Planted bugs: rules switched off, or methods replaced for as long as a run lasts. Each must be caught by some schedule,
 * or the model is blind to that kind of mistake.
 */

import { Departures } from '../../src/assembly/departures.js';
import type { StalenessRule } from '../../src/base/staleness-rules.js';
import { FailureDetector } from '../../src/cluster/failure-detector.js';
import { Ledger } from '../../src/cluster/ledger/ledger.js';
import { Topology } from '../../src/cluster/topology.js';
import { CacheNode } from '../../src/node/cache-node.js';
import { Sweep } from '../../src/node/sweep.js';
import { KeyRead } from '../../src/replication/key-read.js';
import { KeyWrite } from '../../src/replication/key-write.js';
import { ReadRepair } from '../../src/replication/read-repair.js';
import type { Bias } from './schedule.js';

export interface Mutant {
  readonly name: string;
  readonly rules?: readonly StalenessRule[];
  /** What schedules must hold for the bug to show soon. */
  readonly bias?: Bias;
  /** Plants the bug; answers what takes it out again. */
  readonly plant?: () => () => void;
}

const ALONE = { hasOther: false } as const;
/** Floors go soon, and copies tell nothing: debts are all there is. */
const FORGETFUL = { ...ALONE, codec: 'string', isTight: true } as const;

export const MUTANTS: readonly Mutant[] = [
  { name: 'writes leave no floor', rules: ['R3'] },
  { name: 'writes leave generations as they are', bias: { story: 'race' }, rules: ['R2'] },
  { name: 'a key has no order across lanes and retries', rules: ['R1'] },
  { name: 'debts of keys are forgotten', bias: { story: 'conditions', config: ALONE }, rules: ['R4-key'] },
  { name: 'abandoned connections are forgotten', bias: { story: 'zombie' }, rules: ['R4-connection'] },
  {
    name: 'an old incarnation is trusted',
    bias: { story: 'rollback', config: { ...ALONE, codec: 'string', isTight: false } },
    rules: ['R6'],
  },
  {
    name: 'conditional writes build on what is distrusted',
    bias: { story: 'conditions', config: ALONE },
    rules: ['R8'],
  },
  {
    name: 'floors that had to go leave nothing behind',
    bias: { story: 'zombie', config: { ...ALONE, isTight: true } },
    rules: ['R3-evicted'],
  },
  {
    name: 'who begins to own is trusted, and old arcs with it',
    bias: { story: 'resurface', config: FORGETFUL },
    rules: ['R4-arc'],
    plant: () => replaced(Ledger.prototype, 'tookOver', () => undefined),
  },
  {
    name: 'nodes that are out and former owners are owed nothing',
    bias: { story: 'zombie', config: FORGETFUL },
    plant: () =>
      all(
        replaced(KeyWrite.prototype, 'tellOthers' as keyof KeyWrite, () => undefined),
        replaced(Topology.prototype, 'bystanders', () => []),
      ),
  },
  {
    name: 'copies are set, not added',
    bias: { story: 'race', config: { hasOther: true, codec: 'string', hasNamespace: true } },
    plant: () => storing((mode) => (mode === 'compare' ? mode : 'set')),
  },
  {
    name: 'copies live for ever',
    bias: { story: 'expiry', config: { ...ALONE, hasNamespace: true } },
    plant: () => storing((mode) => mode, 0),
  },
  { name: 'nodes are let back before they are paid', plant: unsynced },
  {
    name: 'reads at former owners are never over',
    bias: { story: 'rollback', config: { ...ALONE, isTight: false } },
    plant: () =>
      replaced(KeyRead.prototype, 'leaveFormer' as keyof KeyRead, function (this: unknown, beyond: unknown) {
        const read = beyond as { isAtFormer: boolean };
        const wasThere = read.isAtFormer;
        read.isAtFormer = false;
        return wasThere;
      }),
  },
  {
    name: 'what has moved is deleted and not copied',
    bias: { story: 'moved', config: { ...ALONE, isTight: false, hasNamespace: true, replication: 1 } },
    plant: () => replaced(ReadRepair.prototype, 'copy', async () => 0),
  },
  { name: 'nothing is trusted', plant: () => replaced(Ledger.prototype, 'trusts', () => false) },
  { name: 'deadlines are not looked at', plant: () => replaced(Sweep.prototype, 'watch', () => undefined) },
  { name: 'nodes that left stay open', plant: () => replaced(Departures.prototype, 'add', () => undefined) },
];

/** Copies travel in the lane behind the scenes, and so do no stores but theirs. */
function storing(modeOf: (mode: string) => string, ttlMs?: number): () => void {
  const { store } = CacheNode.prototype;
  return replaced(CacheNode.prototype, 'store', function (this: CacheNode, ...given: Parameters<typeof store>) {
    const [origin, lane, mode, bytes, ttl, token] = given;
    const isCopy = lane === 'background' && mode !== 'set';
    const other = (isCopy ? modeOf(mode) : mode) as typeof mode;
    store.call(this, origin, lane, other, bytes, isCopy ? (ttlMs ?? ttl) : ttl, token);
  });
}

/** A monitor that has just heard of a probe that passed is told that nothing is owed. */
function unsynced(): () => void {
  const { passed } = FailureDetector.prototype;
  const { stats } = Ledger.prototype;
  let isAsking = false;
  return all(
    replaced(FailureDetector.prototype, 'passed', function (this: FailureDetector, now: number) {
      passed.call(this, now);
      isAsking = this.state === 'syncing' || this.mayReturn(now);
    }),
    replaced(Ledger.prototype, 'stats', function (this: Ledger) {
      const told = isAsking ? { ...stats.call(this), nodes: [] } : stats.call(this);
      isAsking = false;
      return told;
    }),
  );
}

function all(...undo: readonly (() => void)[]): () => void {
  return () => {
    for (const each of undo) each();
  };
}

function replaced<T extends object, K extends keyof T>(target: T, name: K, method: T[K]): () => void {
  const original = target[name];
  target[name] = method;
  return () => {
    target[name] = original;
  };
}
