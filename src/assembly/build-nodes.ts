/** From checked options to nodes with their drivers, breakers and lanes; news of a node goes to ledger, payer and events. */

import type { HybridClock } from '../base/hybrid-clock.js';
import type { StalenessRule } from '../base/staleness-rules.js';
import type { Turn } from '../base/turn.js';
import type { DebtPayer } from '../cluster/debt-payer.js';
import type { Ledger } from '../cluster/ledger/ledger.js';
import type { Connection } from '../driver/driver.js';
import type { CacheError } from '../errors.js';
import type { EventBus } from '../events.js';
import { Breaker } from '../node/breaker.js';
import { CacheNode } from '../node/cache-node.js';
import type { Sweep } from '../node/sweep.js';
import type { NodeSpec } from '../options/node-options.js';
import type { CacheSettings } from '../options.js';
import { driverOf } from './drivers.js';

export interface NodeSurroundings {
  readonly turn: Turn;
  readonly sweep: Sweep;
  readonly ledger: Ledger;
  readonly payer: DebtPayer;
  readonly stamps: HybridClock;
  readonly events: EventBus;
  readonly epoch: () => number;
  readonly disabledRules: ReadonlySet<StalenessRule>;
}

/** Longest pause between two attempts to connect. */
const MAX_PAUSE_MS = 2_000;

export function buildNodes(settings: CacheSettings, surroundings: NodeSurroundings): CacheNode[] {
  return settings.nodes.map((spec, slot) => buildNode(settings, surroundings, spec, slot));
}

function buildNode(settings: CacheSettings, surroundings: NodeSurroundings, spec: NodeSpec, slot: number): CacheNode {
  const { clock, random, timeouts } = settings;
  const { events, epoch, turn, sweep } = surroundings;
  const breaker = new Breaker(settings.breaker ?? {}, { clock, random, name: spec.name });
  if (settings.breaker === undefined) breaker.forceClosed();
  breaker.onChange = (_from, to, reason) => {
    const name = to === 'open' ? 'breakerOpened' : to === 'closed' ? 'breakerClosed' : 'breakerHalfOpened';
    events.emit(name, { node: spec.name, epoch: epoch(), reason });
  };
  return new CacheNode(
    {
      name: spec.name,
      slot,
      weight: spec.weight,
      zone: spec.zone,
      driver: driverOf(spec, clock),
      breaker,
      turn,
      sweep,
      random,
      connectMs: timeouts.connectMs,
      maxPauseMs: MAX_PAUSE_MS,
      stallMs: timeouts.attemptMs * 2,
      lanes: settings.lanes,
      keepsOrder: !surroundings.disabledRules.has('R1'),
    },
    new NodeNews(surroundings, spec.name),
  );
}

/** What a node's connections tell: a new life of its data, connections to be put to rest, reachable or not. */
class NodeNews {
  readonly #around: NodeSurroundings;
  readonly #name: string;
  #incarnation: string | undefined;
  #wasReached = false;

  constructor(around: NodeSurroundings, name: string) {
    this.#around = around;
    this.#name = name;
  }

  opened(node: CacheNode, connection: Connection, beganAt: number): void {
    const { ledger, stamps, payer, events, epoch } = this.#around;
    const { incarnation } = connection;
    if (incarnation !== undefined && incarnation.id !== this.#incarnation) {
      if (this.#incarnation !== undefined) ledger.incarnationChanged(node.slot, incarnation.isEmpty, stamps.next());
      this.#incarnation = incarnation.id;
    }
    // The handshake was answered: the node runs, and has what we abandoned before it.
    ledger.firstReplySeen(node.slot, beganAt);
    payer.opened(node, connection);
    if (!this.#wasReached)
      events.emit('nodeStateChanged', {
        node: this.#name,
        epoch: epoch(),
        reason: 'connected',
        from: 'unknown',
        to: 'healthy',
      });
    this.#wasReached = true;
  }

  down(node: CacheNode, error: CacheError, wasOpen: boolean): void {
    if (!wasOpen || node.isConnected) return;
    const { events, epoch } = this.#around;
    this.#wasReached = false;
    events.emit('nodeStateChanged', {
      node: this.#name,
      epoch: epoch(),
      reason: error.message,
      from: 'healthy',
      to: 'unknown',
    });
  }
}
