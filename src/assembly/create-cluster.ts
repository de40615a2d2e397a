/** Nodes, their health and their changes, put together; news of them becomes events. */

import type { ClusterCalls } from '../cache-parts.js';
import { HealthMonitor } from '../cluster/health-monitor.js';
import type { LedgerStats } from '../cluster/ledger/ledger-stats.js';
import { Rebalancer } from '../cluster/rebalancer.js';
import { Refill } from '../cluster/refill.js';
import { Topology } from '../cluster/topology.js';
import type { EventBus } from '../events.js';
import type { GroupView } from '../failover/failover-group.js';
import type { KeySpace } from '../key.js';
import type { CacheNode } from '../node/cache-node.js';
import type { NodeSpec } from '../options/node-options.js';
import type { CacheSettings } from '../options.js';
import type { Carry } from '../replication/carry.js';
import type { ReadContext } from '../replication/contexts.js';
import type { ReadRepair } from '../replication/read-repair.js';
import type { ReadWatch } from '../replication/read-watch.js';
import type { Placement } from '../ring/placement.js';
import type { RingChangeOptions } from '../ring-view.js';
import type { NodeState } from '../stats.js';
import { buildGroup } from './build-group.js';
import { buildMigrating } from './build-migrating.js';
import { buildNode, type NodeSurroundings } from './build-nodes.js';
import { Departures } from './departures.js';
import { Groups } from './groups.js';
import { HandBack } from './hand-back.js';
import { Membership } from './membership.js';
import { PlacementMigration } from './placement-migration.js';
import { Placer } from './placer.js';
import { createProbe } from './probe.js';
import { createTransfer } from './transfer.js';
import { viewMigration } from './view-migration.js';

export interface ClusterParts {
  readonly settings: CacheSettings;
  readonly surroundings: NodeSurroundings;
  readonly keys: KeySpace;
  readonly contexts: { readonly read: ReadContext; readonly repair: ReadRepair; readonly carry: Carry };
  /** There where there is a migration. */
  readonly watch: ReadWatch | undefined;
}

export interface Cluster extends ClusterCalls {
  readonly topology: Topology;
  readonly rebalancer: Rebalancer;
  /** The placement that a change would make. */
  placementAfter(change: RingChangeOptions): Placement;
  /** Opens connections and begins to probe. */
  start(): void;
  stop(): void;
  /** The node's connection was lost or its breaker opened: worth a probe. */
  suspect(node: CacheNode): void;
  /** The node has begun another life of its data: what it should hold is put back from the other owners. */
  emptied(node: CacheNode): void;
  stateOf(node: CacheNode): NodeState;
  /** `undefined` for a node that is no group. */
  groupOf(node: CacheNode): GroupView | undefined;
}

export function createCluster({ settings, surroundings, keys, contexts, watch }: ClusterParts): Cluster {
  const { clock, random, health, handoff } = settings;
  const { ledger, stamps, events } = surroundings;
  const canaries = keys.reservedKey('canary-');
  const probeKey = canaries + settings.clientId;
  const groups = new Groups();
  const placer = new Placer(settings.placement);
  const build = (spec: NodeSpec, slot: number): CacheNode => {
    const terms = { settings, surroundings, probeKey, prefix: keys.prefix, node: () => node };
    const built = spec.members === undefined ? undefined : buildGroup(spec, spec.members, terms);
    const node: CacheNode = buildNode(settings, surroundings, spec, slot, built?.driver);
    if (built !== undefined) groups.add(node, built.group);
    placer.learn(node, spec);
    return node;
  };
  const specs = [...settings.nodes, ...(settings.migration?.oldOnly ?? [])];
  const nodes = specs.map(build);
  const to = placer.place(nodes.slice(0, settings.nodes.length));
  const placed = settings.migration === undefined ? to : buildMigrating(settings.migration, nodes, to);
  const first = new Topology({ epoch: 1, ...placed, replication: settings.replication });
  const departures = new Departures({
    clock,
    graceMs: settings.timeouts.totalMs,
    closed(node) {
      ledger.forgetNode(node.slot);
      surroundings.payer.forget(node);
      membership.retire(node);
      refill.forget(node);
      groups.forget(node);
    },
  });
  const migration =
    settings.migration === undefined || watch === undefined
      ? undefined
      : new PlacementMigration({
          clock,
          settings: settings.migration,
          rebalancer: () => rebalancer,
          replace: (...change) => membership.replace(...change),
          to,
          read: contexts.read,
          repair: contexts.repair,
          watch,
          events,
        });
  const isCarried = (key: string, from: CacheNode): boolean => migration?.isStray(key, from) !== true;
  const removesStrays = (): boolean => migration?.removesStrays === true;
  const rebalancer = new Rebalancer(
    {
      clock,
      ledger,
      stamps,
      prefix: keys.prefix,
      migrates: () => handoff.migrate && (keys.prefix !== '' || migration?.carriesAll === true),
      carries: (wireKey, from) => !wireKey.startsWith(canaries) && (isCarried(wireKey, from) || removesStrays()),
      keepsFormer: () => migration?.keepsOld === true,
      keysPerSecond: handoff.keysPerSecond,
      graceMs: settings.timeouts.totalMs,
      windowMs: handoff.windowMs,
      transfer: createTransfer({
        ...contexts,
        topology: () => rebalancer.current,
        isCarried,
        isSameServer: (a, b) => membership.isSameServer(a, b),
      }),
      events: {
        ...handoffEvents(events),
        changed: (topology, reason) =>
          events.emit('topologyChanged', {
            epoch: topology.epoch,
            reason,
            nodes: topology.nodes.map(({ name }) => name),
          }),
        retired: (node) => departures.add(node),
      },
    },
    first,
  );
  const refill = new Refill({
    clock,
    prefix: handoff.migrate ? keys.prefix : '',
    keysPerSecond: handoff.keysPerSecond,
    topology: () => rebalancer.current,
    carries: (wireKey) => !wireKey.startsWith(canaries),
    copy(from, to, wireKey) {
      const hash = contexts.read.ledgerHash(wireKey, rebalancer.current.placement.hash(wireKey));
      return contexts.repair.copy(wireKey, hash, contexts.read.generations.snapshot(hash), from, [to]);
    },
  });
  const monitor =
    health === undefined
      ? undefined
      : new HealthMonitor({
          clock,
          random,
          settings: health,
          probe: groups.relieving(createProbe({ clock, settings: health, canaryKey: probeKey }), clock, health),
          isPaid: ({ slot }) => isPaid(ledger.stats(), slot),
          events: {
            stateChanged: (node, from, to, reason) =>
              events.emit('nodeStateChanged', { node: node.name, epoch: rebalancer.current.epoch, reason, from, to }),
            ejected(node, reason) {
              refill.left(node);
              membership.mask(`ejected ${node.name}`, 'cut');
              events.emit('nodeEjected', { node: node.name, epoch: rebalancer.current.epoch, reason });
            },
            readmitted(node, done) {
              if (!node.breaker.stats().isForced) node.breaker.reset();
              membership.readmit(node, () => {
                done();
                refill.returned(node);
                const { epoch } = rebalancer.current;
                events.emit('nodeReadmitted', { node: node.name, epoch, reason: 'probes passed' });
              });
            },
          },
        });
  const handBack = new HandBack({
    clock,
    rebalancer: () => rebalancer,
    steps: health?.warmingSteps ?? 1,
    pauseMs: health?.warmingMs ?? 0,
  });
  const membership = new Membership(
    { placer, rebalancer, monitor, build, handBack, remapsIll: health?.onDown !== 'miss', migration },
    specs,
    nodes,
  );
  return {
    get topology() {
      return rebalancer.current;
    },
    rebalancer,
    migration: migration && viewMigration(migration, contexts.read.counters),
    placementAfter: (change) => placer.after(rebalancer.current, change),
    addNode: (entry) => membership.addNode(entry),
    removeNode: (name, options) => membership.removeNode(name, options),
    reweight: (name, weight) => membership.reweight(name, weight),
    setNodes: (list) => membership.setNodes(list),
    maintenance: (name, on) => membership.maintenance(name, on),
    handoff: {
      pause: () => rebalancer.pause(),
      resume: () => rebalancer.resume(),
      cancel: () => rebalancer.endHandoff('cancelled'),
    },
    start() {
      for (const node of nodes) {
        node.open();
        monitor?.watch(node);
      }
      migration?.start();
    },
    stop() {
      migration?.stop();
      monitor?.stop();
      handBack.stop();
      refill.stop();
      groups.stop();
      rebalancer.stop();
      departures.stop();
    },
    async look() {
      await monitor?.look();
    },
    failover: (to) => groups.failover(to),
    groupOf: (node) => groups.viewOf(node),
    suspect: (node) => monitor?.suspect(node),
    emptied: (node) => refill.emptied(node, monitor?.isMasked(node) === true),
    stateOf: (node) => monitor?.stateOf(node) ?? (node.isConnected ? 'healthy' : 'unknown'),
  };
}

/** Debts whose keys nobody can name any more are answered by misses: waiting would not pay them. */
function isPaid({ nodes }: LedgerStats, slot: number): boolean {
  const owed = nodes.find(({ node }) => node === slot);
  return owed === undefined || owed.keyDebts - owed.forgotten + owed.connectionDebts === 0;
}

function handoffEvents(events: EventBus) {
  return {
    handoffStarted: (epoch: number, reason: string, movedShare: number | undefined) =>
      events.emit('handoffStarted', { epoch, reason, movedShare }),
    handoffProgress: (
      epoch: number,
      progress: { keys: number; bytes: number; share: number; leftMs: number | undefined },
    ) => events.emit('handoffProgress', { epoch, ...progress }),
    handoffFinished: (epoch: number, reason: string, keys: number) =>
      events.emit('handoffFinished', { epoch, reason, keys }),
  };
}
