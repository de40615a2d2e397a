/** Puts a cache together: the one place that knows all parts, and that turns news of the parts into events. */

import { createCluster } from './assembly/create-cluster.js';
import { createContexts } from './assembly/create-contexts.js';
import { Lifecycle } from './assembly/lifecycle.js';
import { snapshotStats, viewNode } from './assembly/snapshot-stats.js';
import { Calendar } from './base/calendar.js';
import { HybridClock } from './base/hybrid-clock.js';
import type { StalenessRule } from './base/staleness-rules.js';
import { Turn } from './base/turn.js';
import { Cache } from './cache.js';
import { CacheParts, partsOf } from './cache-parts.js';
import { BreakerView } from './calls/breaker-view.js';
import { defaultCall } from './calls/call-options.js';
import { DebtPayer } from './cluster/debt-payer.js';
import { Discovery } from './cluster/discovery/discovery.js';
import { Ledger } from './cluster/ledger/ledger.js';
import { CORRUPT, type Kept } from './codec/transcoder.js';
import { createTranscoder } from './codec.js';
import { CacheError } from './errors.js';
import { EventBus } from './events.js';
import { KeySpace } from './key.js';
import { Fallback } from './near/fallback.js';
import { Generations } from './near/generations.js';
import { NearCache } from './near/near-cache.js';
import { SingleFlight } from './near/single-flight.js';
import type { CacheNode } from './node/cache-node.js';
import { RateLimitedError } from './node/guard-errors.js';
import { RateLimiter } from './node/rate-limit.js';
import { Sweep } from './node/sweep.js';
import { type CacheOptions, type CacheSettings, resolveCacheOptions } from './options.js';
import { promised } from './replication/promised-attempt.js';
import { ReadWatch } from './replication/read-watch.js';
import { RingView } from './ring-view.js';

/**
 * A cache over the given nodes; it begins to connect at once and can be used at once.
 *
 * @throws OptionError for an option that is unknown or out of range, before anything opens
 */
export function createCache<V = unknown>(options: CacheOptions = {}): Cache<V> {
  return assembleCache<V>(options, new Set());
}

/** `createCache`, less the rules that a test switches off. */
export function assembleCache<V>(options: CacheOptions, disabledRules: ReadonlySet<StalenessRule>): Cache<V> {
  const parts = assembleParts(options, disabledRules);
  const cache = new Cache<V>(parts);
  partsOf.set(cache, parts);
  return cache;
}

/** The parts alone, for an adapter that asks more of the nodes than a cache does. */
export function assembleParts(
  options: CacheOptions,
  disabledRules: ReadonlySet<StalenessRule> = new Set(),
  keySpace?: KeySpace,
): CacheParts {
  const settings = resolveCacheOptions(options);
  const { clock, random } = settings;
  const calendar = new Calendar(clock, settings.maxClockSkewMs);
  const stamps = new HybridClock(calendar);
  const keys = keySpace ?? KeySpace.create({ namespace: settings.namespace });
  const values = createTranscoder(settings);
  const generations = disabledRules.has('R2') ? new NoGenerations() : new Generations();
  const events = new EventBus();
  const turn = new Turn(clock);
  const sweep = new Sweep(clock);
  const ledger = new Ledger({
    ...settings.ledger,
    clientId: settings.clientId,
    maxClockSkewMs: settings.maxClockSkewMs,
    clock,
    disabledRules: new Set(LEDGER_RULES.filter((rule) => disabledRules.has(rule))),
  });
  ledger.startWith([...settings.nodes, ...(settings.migration?.oldOnly ?? [])].keys());
  const near = settings.near === undefined ? undefined : new NearCache<Kept>(settings.near, generations, clock);
  const fallback =
    settings.fallback === undefined
      ? undefined
      : new Fallback<Kept>(settings.fallback, generations, clock, (text) => {
          const kept = values.keepEncoded(text);
          return kept === CORRUPT ? undefined : kept;
        });

  const negatives = new NearCache<true>({ ...NEGATIVES, ttlMs: Number.POSITIVE_INFINITY }, generations, clock);
  const payer = new DebtPayer({
    ledger,
    clock,
    remove: async (node, key, hash) => {
      const target = { key, hash, timeoutMs: settings.timeouts.attemptMs };
      return (await promised<boolean>(target, (origin) => node.delete(origin, 'background'))).failure === undefined;
    },
    refused: ({ name }, { message }) =>
      process.emitWarning(
        `node ${name} does not let us end connections that were given up, so what was written on them is distrusted for longer: ${message}`,
        { code: 'RINGFENCE_CANNOT_END_CONNECTIONS' },
      ),
  });
  const surroundings = {
    turn,
    sweep,
    ledger,
    payer,
    stamps,
    events,
    disabledRules,
    epoch: () => cluster.topology.epoch,
    suspect: (node: CacheNode) => cluster.suspect(node),
    emptied: (node: CacheNode) => cluster.emptied(node),
  };
  const watch = settings.migration === undefined ? undefined : new ReadWatch();
  const contexts = createContexts({
    disabledRules,
    settings,
    turn,
    ledger,
    stamps,
    values,
    calendar,
    generations,
    near,
    fallback,
    negatives,
    events,
    payer,
    watch,
    topology: () => cluster.topology,
    isOver: () => lifecycle.isOver,
  });
  const cluster = createCluster({ settings, surroundings, keys, contexts, watch });
  const discovery =
    settings.discovery === undefined
      ? undefined
      : new Discovery({
          ...settings.discovery,
          clock,
          apply: (found) => cluster.setNodes(found),
          failed: (source, reason) => events.emit('discoveryFailed', { source, reason }),
        });
  const lifecycle = new Lifecycle(clock, cluster, payer, events, contexts.hasWaiting, () => {
    discovery?.stop();
    contexts.repair.stop();
  });
  const parts: CacheParts = new CacheParts({
    keys,
    values,
    stamps,
    rebalancer: cluster.rebalancer,
    read: contexts.read,
    write: contexts.write,
    carry: contexts.carry,
    waiting: contexts.waiting,
    cluster,
    near,
    fallback,
    negatives,
    flights: new SingleFlight<unknown>(generations),
    events,
    defaults: defaultCall(settings),
    defaultTtlMs: settings.defaultTtlMs,
    random,
    breakers: new BreakerView(() => cluster.topology),
    ring: new RingView(
      keys,
      () => cluster.topology,
      (change) => cluster.placementAfter(change),
    ),
    lifecycle,
    assertOpen() {
      if (lifecycle.isClosed) throw new CacheError('ERR_CLOSED', 'the cache is closed');
    },
    assertAllowed: limiterOf(settings),
    stats: () => snapshotStats(parts, ledger, sweep),
    nodeViews: () => cluster.topology.nodes.map((node) => viewNode(node, cluster.stateOf(node), cluster.groupOf(node))),
  });
  cluster.start();
  discovery?.start();
  return parts;
}

/** What refuses calls beyond the client's limit, if it has one. */
function limiterOf({ rateLimit, clock }: CacheSettings): (() => void) | undefined {
  if (rateLimit.client === undefined) return undefined;
  const limiter = new RateLimiter(rateLimit.client, { clock });
  return () => {
    if (!limiter.tryTake()) throw new RateLimitedError(limiter.retryAfterMs);
  };
}

/** Bounds of what is remembered as absent. */
const NEGATIVES = { maxEntries: 10_000, maxBytes: 8 * 1024 * 1024 };

const LEDGER_RULES = ['R3', 'R3-skew', 'R3-evicted', 'R4-key', 'R4-connection', 'R4-arc', 'R6', 'R7'] as const;

/** Generations with rule R2 switched off: everything stays current for ever. */
class NoGenerations extends Generations {
  override bump(): void {}
  override bumpAll(): void {}
}
