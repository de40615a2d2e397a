/** From the checked options of a group to its driver, its watchers and what decides: the nodes' I/O behind plain calls. */

import type { Clock } from '../base/clock.js';
import type { Driver } from '../driver/driver.js';
import { CacheError, NodeError } from '../errors.js';
import { FailoverGroup } from '../failover/failover-group.js';
import { GroupDriver } from '../failover/group-driver.js';
import { GroupMember } from '../failover/group-member.js';
import { MemberWatch, type Sighting } from '../failover/member-watch.js';
import { parseReplicationInfo } from '../failover/replication-info.js';
import { Breaker } from '../node/breaker.js';
import { CacheNode } from '../node/cache-node.js';
import type { NodeSpec } from '../options/node-options.js';
import type { CacheSettings } from '../options.js';
import { type Outcome, promised, type Target } from '../replication/promised-attempt.js';
import { xxh32 } from '../ring/hash.js';
import { MAX_PAUSE_MS, type NodeSurroundings } from './build-nodes.js';
import { driverOf } from './drivers.js';

export interface GroupTerms {
  readonly settings: CacheSettings;
  readonly surroundings: NodeSurroundings;
  /** A wire key that is no user's. */
  readonly probeKey: string;
  /** That of the namespace, or ''. */
  readonly prefix: string;
  /** The ring's node, once it is built. */
  readonly node: () => CacheNode;
}

/** What may still arrive by a connection that was given up has arrived when its node has answered for so long. */
const SETTLING_MS = 10_000;
/** How often waiting for a connection looks. */
const LOOK_MS = 5;
/** Without probes nobody asks for a verdict; the looks of a fail-over by hand are judged by these. */
const UNWATCHED = {
  intervalMs: 1_000,
  timeoutMs: 500,
  unhealthyAfter: 3,
  healthyAfter: 1,
  ejectionMs: 0,
  maxEjectionMs: 0,
};

export function buildGroup(
  spec: NodeSpec,
  memberSpecs: readonly NodeSpec[],
  terms: GroupTerms,
): { readonly group: FailoverGroup; readonly driver: Driver } {
  const { settings, surroundings, node } = terms;
  const { clock, failover } = settings;
  const { events, epoch, ledger, payer } = surroundings;
  const drivers = memberSpecs.map((member) => driverOf(member, settings));
  const members = memberSpecs.map((member, i) =>
    buildMember(member, drivers[i] as Driver, terms, () => group.looked()),
  );
  const driver = new GroupDriver({
    name: spec.name,
    drivers,
    hasSettled(i) {
      const upSince = members[i]?.watch.upSince;
      return upSince !== undefined && clock.now() - upSince >= SETTLING_MS;
    },
  });
  const tell = (name: 'failedOver' | 'failedBack') => (from: string, to: string, reason: string) =>
    events.emit(name, { node: spec.name, epoch: epoch(), reason, from, to });
  const group: FailoverGroup = new FailoverGroup({
    name: spec.name,
    clock,
    settings: failover,
    members,
    driver,
    moved() {
      node().keepOnly(undefined);
      // What it has seen speaks of the node that was active before.
      if (settings.breaker !== undefined) node().breaker.reset();
    },
    connected: () => connected(node(), clock, settings.timeouts.connectMs),
    owe(keys) {
      const { slot } = node();
      for (const key of keys) if (key !== terms.probeKey) ledger.owe(xxh32(key), key, slot);
      payer.owed(node());
    },
    events: { failedOver: tell('failedOver'), failedBack: tell('failedBack') },
  });
  return { group, driver };
}

function buildMember(spec: NodeSpec, driver: Driver, terms: GroupTerms, looked: () => void): GroupMember {
  const { settings, probeKey, prefix } = terms;
  const { clock, random, timeouts } = settings;
  const health = settings.health ?? UNWATCHED;
  const node = buildWatcher(spec, driver, terms);
  const target: Target = { key: probeKey, hash: xxh32(probeKey), timeoutMs: health.timeoutMs };
  const isRedis = driver.kind === 'redis';
  return new GroupMember({
    name: spec.name,
    role: spec.place?.role ?? 'standby',
    priority: spec.place?.priority ?? 0,
    clock,
    watch: new MemberWatch({
      clock,
      random,
      settings: health,
      look: () => (isRedis ? lookAtRedis(node, target) : lookAtAny(node, target)),
      looked,
    }),
    async connect() {
      node.open();
      node.keepOnly(undefined);
      await connected(node, clock, timeouts.connectMs);
    },
    async promote() {
      resultOf(await promised(target, (origin) => node.raw(origin, 'interactive', ['REPLICAOF', 'NO', 'ONE'])));
    },
    async remove(key) {
      const place = { key, hash: xxh32(key), timeoutMs: timeouts.attemptMs };
      return (await promised<boolean>(place, (origin) => node.delete(origin, 'background'))).failure === undefined;
    },
    keys: () => (prefix === '' ? nothing() : node.keys(prefix)),
    close: () => node.close(new CacheError('ERR_CLOSED', `node ${spec.name} is watched no more`)),
  });
}

/** A node that no key leads to: one connection, no ledger, and nothing of its failures but what its watch makes of them. */
function buildWatcher(spec: NodeSpec, driver: Driver, { settings, surroundings }: GroupTerms): CacheNode {
  const { clock, random, timeouts, lanes } = settings;
  const { turn, sweep } = surroundings;
  const breaker = new Breaker({}, { clock, random, name: spec.name });
  breaker.forceClosed();
  const single = <L extends object>(lane: L) => ({ ...lane, connections: 1 });
  return new CacheNode(
    {
      name: spec.name,
      slot: -1,
      weight: spec.weight,
      zone: spec.zone,
      driver,
      breaker,
      limiter: undefined,
      latency: undefined,
      turn,
      sweep,
      random,
      connectMs: timeouts.connectMs,
      maxPauseMs: MAX_PAUSE_MS,
      attemptMs: timeouts.attemptMs,
      patience: { stallMs: timeouts.attemptMs * 2, absenceMs: 0, flowMs: 0 },
      lanes: {
        interactive: single(lanes.interactive),
        bulk: single(lanes.bulk),
        background: single(lanes.background),
      },
      keepsOrder: true,
    },
    { opened: () => undefined, down: () => undefined },
  );
}

async function connected(node: CacheNode, clock: Clock, withinMs: number): Promise<void> {
  const until = clock.now() + withinMs;
  while (!node.isConnected && clock.now() < until)
    await new Promise<void>((resolve) => clock.setTimer(resolve, LOOK_MS, true));
}

async function lookAtRedis(node: CacheNode, target: Target): Promise<Sighting> {
  const told = await promised<unknown>(target, (origin) => node.raw(origin, 'interactive', ['INFO', 'replication']));
  const error = told.failure?.error;
  // A user whose rights leave INFO out may still be served.
  if (error instanceof NodeError && (error.reason === 'rejected' || /NOPERM/.test(error.message)))
    return lookAtAny(node, target);
  return { replication: parseReplicationInfo(String(resultOf(told))) };
}

function lookAtAny(node: CacheNode, { key, hash, timeoutMs }: Target): Promise<Sighting> {
  return new Promise((resolve, reject) => {
    const found = (): void => resolve({ replication: undefined });
    node.get(key, hash, timeoutMs, 'interactive', {
      hit: found,
      missed: found,
      failed: (_attempt, error) => reject(error),
    });
  });
}

async function* nothing(): AsyncGenerator<string[]> {}

function resultOf<T>(outcome: Outcome<T>): T {
  if (outcome.failure !== undefined) throw outcome.failure.error;
  return outcome.result;
}
