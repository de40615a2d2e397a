/**
 * Health monitor: looks at every node at a jittered interval, all at once, and says which may own keys.
 *
 * A probe goes the way of the data, so a node that answers PING and nothing else does not pass. What is seen while our own
 * event loop was late is no evidence. At most `maxEjectedShare` of the ring's weight is ever walked past: when more looks
 * dead than that, it is likelier that we are cut off, and nothing more is masked.
 *
 * A node returns through `syncing`, until its debts are paid, and `warming`, while it gets its keys back.
 */

import type { Clock, Timer } from '../base/clock.js';
import type { CacheNode } from '../node/cache-node.js';
import { type DetectorSettings, FailureDetector, type HealthState } from './failure-detector.js';
import { Speeds } from './speeds.js';

export interface HealthSettings extends DetectorSettings {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly maxEjectedShare: number;
}

export interface MonitorParts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly settings: HealthSettings;
  /** Whether the node serves: rejects or answers `false` if it does not, `undefined` if we have only ourselves to blame. */
  readonly probe: (node: CacheNode) => Promise<boolean | undefined>;
  /** Whether nothing is owed to the node that should be paid before it returns. */
  readonly isPaid: (node: CacheNode) => boolean;
  readonly events: MonitorEvents;
}

export interface MonitorEvents {
  stateChanged(node: CacheNode, from: HealthState, to: HealthState, reason: string): void;
  ejected(node: CacheNode, reason: string): void;
  /** The node may own again; `done` is called when it has got everything back. */
  readmitted(node: CacheNode, done: () => void): void;
}

interface Watch {
  readonly node: CacheNode;
  readonly detector: FailureDetector;
  timer: Timer | undefined;
  /** The probe under way. */
  probing: Promise<void> | undefined;
  syncingSince: number;
}

/** Debts that cannot be paid do not keep a node out for ever: reads go round what is unpaid. */
const MAX_SYNC_MS = 10_000;
/** A slow node is slower than this many times the median of the others, and than this many ms. */
const SLOW_FACTOR = 4;
const SLOW_MS = 20;
const LATE_MS = 50;

export class HealthMonitor {
  readonly #parts: MonitorParts;
  readonly #watches = new Map<CacheNode, Watch>();
  readonly #speeds: Speeds;
  #isStopped = false;

  constructor(parts: MonitorParts) {
    this.#parts = parts;
    this.#speeds = new Speeds(() => this.#watches.keys(), parts.settings.intervalMs);
  }

  watch(node: CacheNode): void {
    const watch: Watch = {
      node,
      detector: new FailureDetector(this.#parts.settings),
      timer: undefined,
      probing: undefined,
      syncingSince: 0,
    };
    this.#watches.set(node, watch);
    this.#schedule(watch, this.#parts.settings.intervalMs * this.#parts.random());
  }

  forget(node: CacheNode): void {
    this.#watches.get(node)?.timer?.cancel();
    this.#watches.delete(node);
  }

  stateOf(node: CacheNode): HealthState {
    return this.#watches.get(node)?.detector.state ?? 'unknown';
  }

  isMasked(node: CacheNode): boolean {
    return this.#watches.get(node)?.detector.isMasked === true;
  }

  /** Something happened to the node that a probe should look into now: its breaker opened, its connection was lost. */
  suspect(node: CacheNode): void {
    const watch = this.#watches.get(node);
    if (watch !== undefined && watch.probing === undefined && !watch.detector.isMasked) this.#schedule(watch, 0);
  }

  /** An operator takes the node out, or lets it return by way of probes. */
  maintain(node: CacheNode, on: boolean): void {
    const watch = this.#watches.get(node);
    if (watch === undefined) return;
    const now = this.#parts.clock.now();
    if (on) this.#change(watch, 'maintenance', () => watch.detector.maintain(now));
    else if (watch.detector.state === 'maintenance') this.#beginSync(watch, now, 'maintenance ended');
  }

  stop(): void {
    this.#isStopped = true;
    for (const watch of this.#watches.values()) watch.timer?.cancel();
  }

  /** Probes all nodes now, and waits for what comes of it. */
  async look(): Promise<void> {
    await Promise.all([...this.#watches.values()].map((watch) => this.#probe(watch)));
  }

  #schedule(watch: Watch, ms: number): void {
    watch.timer?.cancel();
    if (this.#isOver(watch)) return;
    watch.timer = this.#parts.clock.setTimer(() => {
      void this.#probe(watch).then(() => {
        const { settings, random } = this.#parts;
        const isOpen = watch.detector.isSuspect || watch.detector.state === 'syncing';
        const intervalMs = isOpen ? settings.intervalMs / 4 : settings.intervalMs;
        this.#schedule(watch, intervalMs * (0.75 + random() / 2));
      });
    }, ms);
  }

  /** Also where the node came back, and is watched anew. */
  #isOver(watch: Watch): boolean {
    return this.#isStopped || this.#watches.get(watch.node) !== watch;
  }

  #probe(watch: Watch): Promise<void> {
    watch.probing ??= this.#look(watch);
    return watch.probing;
  }

  async #look(watch: Watch): Promise<void> {
    if (this.#isStopped) return;
    const { clock, probe, settings } = this.#parts;
    const beganAt = clock.now();
    const passed = await probe(watch.node).catch(() => false);
    watch.probing = undefined;
    if (this.#isOver(watch)) return;
    const now = clock.now();
    const isLate = now - beganAt > settings.timeoutMs + LATE_MS;
    if (passed === true) watch.detector.passed(now);
    else if (passed === false && !isLate) watch.detector.failed();
    this.#judge(watch, now);
  }

  #judge(watch: Watch, now: number): void {
    const { detector, node } = watch;
    const { events, settings, isPaid } = this.#parts;
    if (detector.isFailing) {
      if (this.#canSpare(node, settings.maxEjectedShare)) {
        this.#change(watch, 'probes failed', () => detector.eject(now));
        events.ejected(node, node.lastError?.message ?? 'probes failed');
      }
    } else if (detector.mayReturn(now)) this.#beginSync(watch, now, 'probes passed');
    const isReady = detector.state === 'syncing' && detector.isAnswering;
    if (isReady && (isPaid(node) || now - watch.syncingSince > MAX_SYNC_MS)) this.#readmit(watch, now);
    this.#compareSpeed(watch, now);
  }

  #beginSync(watch: Watch, now: number, reason: string): void {
    watch.syncingSince = now;
    this.#change(watch, reason, () => watch.detector.sync(now));
    this.#schedule(watch, 0);
  }

  #readmit(watch: Watch, now: number): void {
    const { clock, events } = this.#parts;
    this.#change(watch, 'debts paid', () => watch.detector.warm(now));
    events.readmitted(watch.node, () => {
      if (watch.detector.state === 'warming')
        this.#change(watch, 'keys handed back', () => watch.detector.recover(clock.now()));
    });
  }

  /** Whether the ring may lose this node's weight too. */
  #canSpare(node: CacheNode, share: number): boolean {
    let total = 0;
    let masked = node.weight;
    for (const { node: other, detector } of this.#watches.values()) {
      total += other.weight;
      if (other !== node && detector.isMasked) masked += other.weight;
    }
    return masked <= total * share + 1e-9 && this.#watches.size > 1;
  }

  #compareSpeed(watch: Watch, now: number): void {
    const mean = watch.node.breaker.stats().meanMs;
    const median = this.#speeds.medianOfOthers(watch.node, now);
    if (mean === undefined || median === undefined) return;
    const isSlow = mean > SLOW_MS && mean > SLOW_FACTOR * median;
    const { detector } = watch;
    if (isSlow !== (detector.state === 'degraded'))
      this.#change(
        watch,
        isSlow ? `${Math.round(mean)} ms a call against ${Math.round(median)}` : 'as fast as the others',
        () => detector.slow(isSlow),
      );
    watch.node.isSlow = detector.state === 'degraded';
  }

  #change(watch: Watch, reason: string, change: () => void): void {
    const from = watch.detector.state;
    change();
    const to = watch.detector.state;
    if (from !== to) this.#parts.events.stateChanged(watch.node, from, to, reason);
  }
}
