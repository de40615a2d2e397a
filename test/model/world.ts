/** One or two caches over the same memory nodes on a fake clock, and the steps of a schedule done to them. */

import type { StalenessRule } from '../../src/base/staleness-rules.js';
import { FakeClock } from '../../src/testing/fake-clock.js';
import { type Random, seededRandom } from '../../src/testing/seeded-random.js';
import { cacheOptions } from './cache-options.js';
import { Client, TOTAL_MS } from './client.js';
import { History } from './history.js';
import { IllNodes } from './ill-nodes.js';
import { type ChangeName, type Config, isChange, isFault, KEYS, type Phase, type Step } from './schedule.js';

/** Everything must be well again within so much time after the last fault. */
const CALM_MS = 15_000;
const LOOK_MS = 50;
/** Changes whose hand-offs may run at once; a ninth ends the first. */
const MAX_HANDOFFS = 3;
/** Debts that cannot be paid keep a node out for so long. */
const MAX_SYNC_MS = 10_000;

interface OwedNodes {
  readonly keyDebts: number;
  readonly connectionDebts: number;
  readonly nodes: readonly { readonly name: string; readonly keyDebts: number }[];
}

export class World {
  readonly clock = new FakeClock();
  readonly violations: string[] = [];
  readonly #config: Config;
  readonly #random: Random;
  readonly #nodes: IllNodes;
  readonly #history = new History();
  readonly #clients: readonly Client[];
  readonly #members: string[];
  readonly #maintained = new Set<string>();
  #phase: Phase = 'storm';
  #victim: string | undefined;

  constructor(config: Config, rules: ReadonlySet<StalenessRule>) {
    this.#config = config;
    this.#random = seededRandom(config.seed ^ 0x5bd1e995);
    this.#nodes = new IllNodes(this.clock, this.#random);
    this.#members = this.#nodes.names.slice(0, config.nodes);
    const nodes = this.#members.map((name) => this.#nodes.optionsOf(name));
    this.#clients = (config.hasOther ? [0, 1] : [0]).map((client) => {
      const oracle = {
        client,
        clock: this.clock,
        history: this.#history,
        allowsStale: config.hasFallback || config.hasNear,
        isStamped: config.codec === 'json',
        says: (what: string) => this.says(what),
      };
      return new Client(cacheOptions(config, nodes, this.clock, this.#random), rules, oracle, !config.hasOther);
    });
    for (const client of this.#clients) this.#watchSyncing(client);
  }

  get promisedHits(): number {
    return this.#clients.reduce((sum, { oracle }) => sum + oracle.promisedHits, 0);
  }

  says(what: string): void {
    this.violations.push(`at ${Math.round(this.clock.now())} ms: ${what}`);
  }

  async do(step: Step): Promise<void> {
    const { name } = step;
    await this.#pass(step.afterMs);
    if (name === 'calm') await this.#calm();
    else if (name === 'planned' || name === 'single' || name === 'storm') this.#begin(name, step);
    else if (isFault(name)) {
      // A shrunk schedule may have lost the step that began the phase in which faults are allowed.
      if (this.#phase === 'storm' || this.#phase === 'single')
        this.#nodes.befall(this.#victim ?? this.#member(step), name, step.dice);
    } else if (isChange(name)) this.#change(name, step);
    else if (name === 'jumpWall') this.clock.jumpWall((step.dice - 0.5) * 20_000);
    else if (name === 'pause') for (const { cache } of this.#clients) cache.handoff.pause();
    else if (name === 'resume') for (const { cache } of this.#clients) cache.handoff.resume();
    else if (name === 'endHandoff') {
      this.#history.unsettle();
      for (const { cache } of this.#clients) cache.handoff.cancel();
    } else (this.#clients[Math.floor(step.dice * 1_000) % this.#clients.length] as Client).call(step);
  }

  /** Closes the caches, and looks for what they left behind. */
  async end(): Promise<void> {
    for (const client of this.#clients) {
      client.isEnded = true;
      client.oracle.promisesHits = false;
    }
    for (const { cache } of this.#clients) await this.clock.until(cache.destroy());
    await this.clock.advance(TOTAL_MS);
    for (const { oracle } of this.#clients) {
      oracle.checkOpenCalls();
      if (oracle.openCalls > 0) this.says(`${oracle.openCalls} calls never settled`);
    }
    if (this.clock.pendingTimers > 0) this.says(`${this.clock.pendingTimers} timers left after closing`);
    for (const connections of this.#nodes.openConnections) this.says(`${connections} left after closing`);
  }

  async #pass(ms: number): Promise<void> {
    await this.clock.advance(ms);
    for (const { cache, oracle } of this.#clients) {
      oracle.checkOpenCalls();
      for (const { name, queued, inFlight } of cache.nodes())
        if (queued + inFlight > 3_000) this.says(`${name} has ${queued} queued and ${inFlight} in flight`);
    }
  }

  #begin(phase: Phase, { node }: Step): void {
    this.#phase = phase;
    this.#victim = phase === 'single' ? this.#members[node % this.#members.length] : undefined;
    // What a bounded memory forgets it answers for with misses.
    const promisesHits = (phase === 'planned' || phase === 'single') && !this.#config.isTight;
    for (const { oracle } of this.#clients) oracle.promisesHits = promisesHits;
    if (phase === 'storm') this.#history.unsettle();
    this.#nodes.limp();
  }

  async #calm(): Promise<void> {
    const { clock } = this;
    this.#phase = 'calm';
    this.#victim = undefined;
    this.#history.unsettle();
    this.#nodes.heal();
    const maintained = [...this.#maintained];
    this.#maintained.clear();
    for (const { cache, oracle } of this.#clients) {
      oracle.promisesHits = false;
      for (const name of maintained) await cache.maintenance(name, false);
      cache.handoff.resume();
    }
    const end = clock.now() + CALM_MS;
    while (this.#unwell() !== undefined && clock.now() < end) await this.#pass(LOOK_MS);
    const problem = this.#unwell();
    for (const client of this.#clients) {
      if (client.handoffs > 0) client.cache.handoff.cancel();
      client.oracle.promisesHits = problem === undefined;
    }
    if (problem !== undefined) this.says(`${CALM_MS} ms after the last fault: ${problem}`);
    await this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    // A tight memory forgets a key as soon as a few others are written.
    const size = this.#config.isTight ? 1 : KEYS.length;
    const [writer] = this.#clients as [Client];
    for (let from = 0; from < KEYS.length; from += size) {
      for (const key of KEYS.slice(from, from + size)) writer.set(key);
      await this.#pass(10);
      for (const key of KEYS.slice(from, from + size)) writer.get(key);
      await this.#pass(10);
    }
  }

  /** What is not yet as it should be, in words. */
  #unwell(): string | undefined {
    for (const { cache, handoffs } of this.#clients) {
      const ill = cache.nodes().find(({ state, isConnected }) => state !== 'healthy' || !isConnected);
      if (ill !== undefined) return `${ill.name} is ${ill.state}${ill.isConnected ? '' : ', not connected'}`;
      // Without a namespace nothing is carried over, and a hand-off ends with its window.
      if (handoffs > 0 && this.#config.hasNamespace) return 'a hand-off runs';
      const { keyDebts, connectionDebts } = cache.stats().ledger as OwedNodes;
      // Debts whose keys a bounded memory forgot are paid by misses.
      if (!this.#config.isTight && keyDebts + connectionDebts > 0) return `${keyDebts} + ${connectionDebts} debts`;
    }
    return undefined;
  }

  #watchSyncing({ cache }: Client): void {
    const since = new Map<string, number>();
    cache.on('nodeStateChanged', ({ node, from, to }) => {
      if (to === 'syncing') since.set(node, this.clock.now());
      if (from !== 'syncing' || to !== 'warming' || this.#config.isTight) return;
      const { nodes } = cache.stats().ledger as OwedNodes;
      const owed = nodes.find(({ name }) => name === node)?.keyDebts ?? 0;
      const waitedMs = this.clock.now() - (since.get(node) ?? 0);
      if (owed > 0 && waitedMs < MAX_SYNC_MS) this.says(`${node} was let back with ${owed} debts after ${waitedMs} ms`);
    });
  }

  /** All clients hear of a change at once, as if from one list. */
  #change(name: ChangeName, step: Step): void {
    const isPlanned = this.#phase === 'planned';
    if (isPlanned && this.#clients.some(({ handoffs }) => handoffs >= MAX_HANDOFFS)) return;
    const member = this.#member(step);
    const newcomer = this.#nodes.names.find((one) => !this.#members.includes(one) && !this.#nodes.isKilled(one));
    const [maintained] = this.#maintained;
    if (name === 'addNode') {
      if (newcomer === undefined) return;
      this.#members.push(newcomer);
      this.#all(name, ({ cache }) => cache.addNode(this.#nodes.optionsOf(newcomer)));
    } else if (name === 'removeNode' || name === 'dropNode') {
      if (this.#members.length <= 2 || (isPlanned && maintained !== undefined)) return;
      const drain = name === 'removeNode';
      if (!drain) this.#history.unsettle();
      this.#members.splice(this.#members.indexOf(member), 1);
      this.#maintained.delete(member);
      this.#all(name, ({ cache }) => cache.removeNode(member, { drain }));
    } else if (name === 'reweight') {
      this.#all(name, ({ cache }) => cache.reweight(member, [0.5, 1, 2][step.key % 3] as number));
    } else if (name === 'maintain') {
      if (isPlanned && maintained !== undefined) return;
      this.#maintained.add(member);
      this.#all(name, ({ cache }) => cache.maintenance(member, true));
    } else if (maintained !== undefined) {
      this.#maintained.delete(maintained);
      this.#all(name, ({ cache }) => cache.maintenance(maintained, false));
    }
  }

  #all(name: string, change: (client: Client) => Promise<void>): void {
    for (const client of this.#clients)
      void change(client).catch((error: unknown) => this.says(`${name} failed: ${String(error)}`));
  }

  #member({ node }: Step): string {
    return this.#members[node % this.#members.length] as string;
  }
}
