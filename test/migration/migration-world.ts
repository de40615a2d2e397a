/**
 * One or two caches that migrate between two sets of memory nodes in still time, while random calls are made, nodes fall ill
 * and the migration goes up, down and to its end; the oracle of the model says what is wrong.
 *
 * Three phases: `planned` (no faults: every read of a settled key must hit), `storm` (anything goes), `calm` (everything
 * heals, and must be well again).
 */

import type { StalenessRule } from '../../src/base/staleness-rules.js';
import { FakeClock } from '../../src/testing/fake-clock.js';
import { type Random, seededRandom } from '../../src/testing/seeded-random.js';
import { cacheOptions } from '../model/cache-options.js';
import { Client, TOTAL_MS } from '../model/client.js';
import { History } from '../model/history.js';
import { IllNodes } from '../model/ill-nodes.js';
import { type CallName, type Config, type FaultName, KEYS } from '../model/schedule.js';

const CALLS: Readonly<Partial<Record<CallName, number>>> = {
  get: 40,
  set: 22,
  delete: 6,
  getMany: 4,
  getEntry: 2,
  setMany: 2,
  add: 2,
  replace: 1,
  compareAndSet: 2,
  touch: 1,
  increment: 3,
  readCounter: 2,
  deleteCounter: 1,
};
const STEPS = { rampUp: 5, rampDown: 2, rollBack: 2, pause: 1, resume: 2 } as const;
const FAULTS: Readonly<Partial<Record<FaultName, number>>> = {
  hang: 3,
  awake: 3,
  awakeLate: 2,
  runAbandoned: 2,
  cut: 2,
  kill: 2,
  restartKeep: 2,
  restartEmpty: 2,
  slow: 2,
  dropReplies: 1,
  heal: 4,
};
const CALM_MS = 15_000;
/** A fifth hand-off at once would end the first. */
const MAX_HANDOFFS = 3;

export class MigrationWorld {
  readonly clock = new FakeClock();
  readonly violations: string[] = [];
  readonly trail: string[] = [];
  readonly #random: Random;
  readonly #nodes: IllNodes;
  readonly #history = new History();
  readonly #clients: readonly Client[];
  readonly #config: Config;
  readonly #members: readonly string[];
  #percent = 0;
  #hasStormed = false;
  #late: (() => void)[] = [];
  /** Begun since the phase did. */
  #handoffs = 0;

  constructor(seed: number, rules: ReadonlySet<StalenessRule> = new Set()) {
    this.#random = seededRandom(seed);
    const is = (chance: number): boolean => this.#random() < chance;
    this.#config = {
      seed,
      codec: is(0.5) ? 'json' : 'string',
      replication: is(0.7) ? 1 : 2,
      nodes: 4,
      hasOther: is(0.3),
      hasNamespace: is(0.8),
      hasFallback: is(0.2),
      hasNear: is(0.1),
      isTight: is(0.2),
      onDown: is(0.85) ? 'remap' : 'miss',
      prefer: is(0.8) ? 'primary' : 'any',
    };
    this.#nodes = new IllNodes(this.clock, this.#random);
    const isSame = is(0.4);
    const [old, next] = isSame
      ? [
          ['n0', 'n1', 'n2'],
          ['n0', 'n1', 'n2', 'n3'],
        ]
      : [
          ['n0', 'n1'],
          ['n2', 'n3', 'n4'],
        ];
    this.#members = [...new Set([...(old ?? []), ...(next ?? [])])];
    const optionsOf = (names: readonly string[] = []) => names.map((name) => this.#nodes.optionsOf(name));
    const placement = is(0.8) ? ('npm-memjs' as const) : undefined;
    this.trail.push(JSON.stringify({ ...this.#config, isSame, placement }));
    this.#clients = (this.#config.hasOther ? [0, 1] : [0]).map((client) => {
      const oracle = {
        client,
        clock: this.clock,
        history: this.#history,
        allowsStale: this.#config.hasFallback || this.#config.hasNear,
        isStamped: this.#config.codec === 'json',
        says: (what: string) => void this.violations.push(`at ${Math.round(this.clock.now())} ms: ${what}`),
      };
      const options = {
        ...cacheOptions(this.#config, optionsOf(next), this.clock, this.#random),
        migration: { from: { placement, nodes: optionsOf(old) }, bounds: false as const },
      };
      return new Client(options, rules, oracle, !this.#config.hasOther);
    });
    this.#clients[0]?.cache.on('handoffStarted', () => this.#handoffs++);
  }

  get promisedHits(): number {
    return this.#clients.reduce((sum, { oracle }) => sum + oracle.promisedHits, 0);
  }

  async run(): Promise<void> {
    await this.#calm();
    await this.#phase('planned', 40);
    await this.#phase('storm', 60);
    await this.#calm();
    await this.#phase('planned', 30);
    if (this.#random() < 0.5) await this.#promote();
    await this.#calm();
  }

  async end(): Promise<void> {
    for (const client of this.#clients) {
      client.isEnded = true;
      client.oracle.promisesHits = false;
    }
    for (const { cache } of this.#clients) await this.clock.until(cache.destroy());
    await this.clock.advance(TOTAL_MS);
    for (const { oracle } of this.#clients)
      if (oracle.openCalls > 0) this.violations.push(`${oracle.openCalls} calls never settled`);
    if (this.clock.pendingTimers > 0) this.violations.push(`${this.clock.pendingTimers} timers left after closing`);
  }

  async #phase(phase: 'planned' | 'storm', steps: number): Promise<void> {
    this.trail.push(phase);
    this.#nodes.limp();
    if (phase === 'storm') this.#history.unsettle();
    // Of two clients that go down and up at once, one may pay a debt where the other has just carried the key. And of what
    // a storm left behind only stamps tell that nobody else has put it there.
    const { isTight, hasOther, codec } = this.#config;
    const isOrderly = !this.#hasStormed || codec === 'json';
    const promisesHits = phase === 'planned' && !isTight && !hasOther && isOrderly;
    this.#hasStormed ||= phase === 'storm';
    this.#handoffs = 0;
    for (const { oracle } of this.#clients) oracle.promisesHits = promisesHits;
    const weights = { ...CALLS, ...STEPS, ...(phase === 'storm' ? FAULTS : {}) };
    for (let i = 0; i < steps && this.violations.length === 0; i++) {
      await this.#pass(this.#random() < 0.3 ? 0 : this.#below(25));
      if (this.#random() < 0.2) this.#catchUp();
      this.#do(this.#pick(weights), phase);
    }
  }

  #do(name: string, phase: 'planned' | 'storm'): void {
    const step = { name: name as CallName, afterMs: 0, key: this.#below(KEYS.length), node: 0, dice: this.#random() };
    const victim = this.#members[this.#below(this.#members.length)] as string;
    this.trail.push(`${Math.round(this.clock.now())} ${name} ${KEYS[step.key]} ${victim} ${step.dice.toFixed(2)}`);
    if (name in FAULTS) this.#nodes.befall(victim, name as FaultName, step.dice);
    else if (name in STEPS) this.#move(name as keyof typeof STEPS, phase, step.dice);
    else (this.#clients[this.#below(this.#clients.length)] as Client).call(step);
  }

  /** The second client hears of it a little later. */
  #move(name: keyof typeof STEPS, phase: 'planned' | 'storm', dice: number): void {
    this.#catchUp();
    const isStep = name !== 'pause' && name !== 'resume';
    if (isStep && phase === 'planned' && this.#handoffs >= MAX_HANDOFFS) return;
    if (name === 'rampUp') this.#percent += (100 - this.#percent) * dice;
    if (name === 'rampDown') this.#percent *= dice;
    if (name === 'rollBack') this.#percent = 0;
    const percent = this.#percent;
    const [first, ...others] = this.#clients.map(({ cache }) => () => {
      if (name === 'pause') cache.migration?.pause();
      else if (name === 'resume') cache.migration?.resume();
      else if (name === 'rollBack') cache.migration?.rollBack();
      else cache.migration?.rampTo(percent);
    });
    first?.();
    this.#late = others;
  }

  #catchUp(): void {
    for (const step of this.#late.splice(0)) step();
  }

  async #promote(): Promise<void> {
    this.trail.push('promote');
    // Without a namespace nothing is carried over unasked.
    if (!this.#config.hasNamespace) this.#history.unsettle();
    for (const { oracle } of this.#clients) oracle.promisesHits &&= this.#config.hasNamespace;
    this.#handoffs = 0;
    this.#move('rampUp', 'planned', 1);
    this.#catchUp();
    await this.#all(({ cache }) => cache.migration?.promote());
    for (const { cache } of this.#clients)
      if (cache.migration?.phase !== 'promoted') this.violations.push(`promotion ended in ${cache.migration?.phase}`);
    for (let i = 0; i < 20; i++) {
      await this.#pass(this.#below(25));
      this.#do(this.#pick(CALLS), 'planned');
    }
  }

  async #all(work: (client: Client) => Promise<unknown> | undefined): Promise<void> {
    await this.clock.until(Promise.all(this.#clients.map(work)), 600_000);
  }

  async #calm(): Promise<void> {
    this.trail.push('calm');
    this.#catchUp();
    this.#history.unsettle();
    this.#nodes.heal();
    for (const { cache, oracle } of this.#clients) {
      oracle.promisesHits = false;
      cache.migration?.resume();
      cache.handoff.resume();
    }
    const end = this.clock.now() + CALM_MS;
    const isIll = () =>
      this.#clients.some(({ cache }) =>
        cache.nodes().some(({ state, isConnected }) => state !== 'healthy' || !isConnected),
      );
    while (isIll() && this.clock.now() < end) await this.#pass(50);
    if (isIll()) this.violations.push('still ill');
    const [writer] = this.#clients as [Client];
    for (const key of KEYS) {
      writer.set(key);
      await this.#pass(5);
    }
    await this.#pass(500);
  }

  async #pass(ms: number): Promise<void> {
    await this.clock.advance(ms);
    for (const { oracle } of this.#clients) oracle.checkOpenCalls();
  }

  #below(n: number): number {
    return Math.floor(this.#random() * n);
  }

  #pick(weights: Readonly<Record<string, number>>): string {
    const entries = Object.entries(weights);
    let left = this.#random() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [name, weight] of entries) if ((left -= weight) < 0) return name;
    return 'get';
  }
}
