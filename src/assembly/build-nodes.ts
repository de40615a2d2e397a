/** From checked options to nodes with their drivers, breakers and lanes; news of a node goes to ledger, payer and events. */

import type { HybridClock } from '../base/hybrid-clock.js';
import type { StalenessRule } from '../base/staleness-rules.js';
import type { Turn } from '../base/turn.js';
import type { DebtPayer } from '../cluster/debt-payer.js';
import type { Ledger } from '../cluster/ledger/ledger.js';
import type { Connection, Driver } from '../driver/driver.js';
import type { CacheError } from '../errors.js';
import type { EventBus } from '../events.js';
import { Breaker } from '../node/breaker.js';
import { CacheNode } from '../node/cache-node.js';
import { LatencyEstimate } from '../node/latency.js';
import { RateLimiter } from '../node/rate-limit.js';
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
  /** The node may be ill. */
  readonly suspect: (node: CacheNode) => void;
  /** The node has begun another life of its data. */
  readonly emptied: (node: CacheNode) => void;
  readonly disabledRules: ReadonlySet<StalenessRule>;
}

/** Longest pause between two attempts to connect. */
export const MAX_PAUSE_MS = 2_000;

export function buildNode(
  settings: CacheSettings,
  surroundings: NodeSurroundings,
  spec: NodeSpec,
  slot: number,
  driver: Driver = driverOf(spec, settings),
): CacheNode {
  const { clock, random, timeouts } = settings;
  const { events, epoch, turn, sweep } = surroundings;
  const breaker = new Breaker(settings.breaker ?? {}, { clock, random, name: spec.name });
  if (settings.breaker === undefined) breaker.forceClosed();
  breaker.onChange = (from, to, reason) => {
    const name = to === 'open' ? 'breakerOpened' : to === 'closed' ? 'breakerClosed' : 'breakerHalfOpened';
    events.emit(name, { node: spec.name, epoch: epoch(), reason, from, to });
    if (to === 'open') surroundings.suspect(node);
  };
  const { node: limit } = settings.rateLimit;
  const limiter = limit === undefined ? undefined : new RateLimiter(limit, { clock, name: spec.name });
  const node: CacheNode = new CacheNode(
    {
      name: spec.name,
      slot,
      weight: spec.weight,
      zone: spec.zone,
      driver,
      breaker,
      limiter,
      latency: settings.read.hedge === undefined ? undefined : new LatencyEstimate({}, { clock }),
      turn,
      sweep,
      random,
      connectMs: timeouts.connectMs,
      attemptMs: timeouts.attemptMs,
      maxPauseMs: MAX_PAUSE_MS,
      patience: { stallMs: timeouts.attemptMs * 2, absenceMs: 0, flowMs: 0 },
      lanes: settings.lanes,
      keepsOrder: !surroundings.disabledRules.has('R1'),
    },
    new NodeNews(surroundings),
  );
  return node;
}

/** What a node's connections tell: a new life of its data, connections to be put to rest, a loss worth a probe. */
class NodeNews {
  readonly #around: NodeSurroundings;
  #incarnation: string | undefined;
  #hasLost = false;

  constructor(around: NodeSurroundings) {
    this.#around = around;
  }

  opened(node: CacheNode, connection: Connection, beganAt: number): void {
    const { ledger, stamps, payer, emptied, disabledRules } = this.#around;
    const { incarnation } = connection;
    if (incarnation === undefined) {
      // A node that does not tell may have begun a new life whenever it was lost.
      if (this.#hasLost) {
        ledger.incarnationChanged(node.slot, false, stamps.next());
        emptied(node);
      }
    } else if (incarnation.id !== this.#incarnation) {
      if (this.#incarnation !== undefined) {
        ledger.incarnationChanged(node.slot, incarnation.isEmpty, stamps.next());
        emptied(node);
      }
      this.#incarnation = incarnation.id;
      if (!disabledRules.has('R6')) node.keepOnly(incarnation.id);
    }
    this.#hasLost = false;
    // The handshake was answered: the node runs, and has what we abandoned before it.
    ledger.firstReplySeen(node.slot, beganAt);
    payer.opened(node);
    node.onChange?.();
  }

  down(node: CacheNode, _error: CacheError, wasOpen: boolean): void {
    this.#hasLost ||= wasOpen;
    this.#around.suspect(node);
    node.onChange?.();
  }
}
