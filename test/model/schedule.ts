/**
 * A schedule: what is done to caches and their nodes, step by step, as plain data drawn from a seed. Any part of a schedule
 * is a schedule too, since a step that does not apply does nothing: that is what makes it shrink.
 *
 * Four kinds of phase follow one another, each begun by a step of its name:
 * - `calm`: everything heals; within bounded time all nodes must be well and nothing owed, and all keys are written anew
 * - `planned`: ring changes on purpose, no faults: every read of a settled key must hit
 * - `single`: one node is ill, of copies on two: every read of a settled key must hit
 * - `storm`: anything goes, and only the promises that hold always are checked
 */

import { type Random, seededRandom } from '../../src/testing/seeded-random.js';
import { COMMON, STORIES, type Story, type StoryName } from './stories.js';

export type Phase = 'calm' | 'planned' | 'single' | 'storm';

const CALLS = {
  get: 40,
  set: 22,
  delete: 6,
  getMany: 3,
  getEntry: 3,
  setMany: 2,
  deleteMany: 1,
  add: 2,
  replace: 1,
  compareAndSet: 2,
  touch: 1,
  increment: 3,
  readCounter: 1,
  deleteCounter: 1,
} as const;
/** Of stories. */
const ALL_KEYS = { setAll: 0, setAllBriefly: 0, addAll: 0, deleteAll: 0, getAll: 0, incrementAll: 0 } as const;
const CHANGES = { addNode: 2, removeNode: 2, dropNode: 1, reweight: 2, maintain: 1, endMaintenance: 2 } as const;
const HANDOFF = { pause: 1, resume: 2, endHandoff: 1 } as const;
const FAULTS = {
  hang: 3,
  awake: 3,
  awakeLate: 2,
  runAbandoned: 2,
  cut: 2,
  kill: 2,
  restartKeep: 2,
  restartEmpty: 2,
  save: 3,
  restartOld: 3,
  refuse: 1,
  slow: 2,
  full: 1,
  loading: 1,
  dropReplies: 1,
  heal: 4,
} as const;
const CLOCK = { jumpWall: 1 } as const;

export type CallName = keyof typeof CALLS | keyof typeof ALL_KEYS;
export type FaultName = keyof typeof FAULTS;
export type ChangeName = keyof typeof CHANGES;
export type StepName = Phase | FaultName | ChangeName | CallName | keyof typeof HANDOFF | keyof typeof CLOCK;

export interface Step {
  readonly name: StepName;
  /** Time that passes before it. */
  readonly afterMs: number;
  readonly key: number;
  readonly node: number;
  /** For whatever else the step has to choose. */
  readonly dice: number;
}

export interface Config {
  readonly seed: number;
  readonly codec: 'json' | 'string';
  readonly replication: 1 | 2;
  readonly nodes: number;
  /** Whether a second client shares the nodes. */
  readonly hasOther: boolean;
  readonly hasNamespace: boolean;
  readonly hasFallback: boolean;
  readonly hasNear: boolean;
  /** Bounds so small that they overflow. */
  readonly isTight: boolean;
  readonly onDown: 'remap' | 'miss';
  readonly prefer: 'primary' | 'any';
}

export interface Schedule {
  readonly config: Config;
  readonly steps: readonly Step[];
}

export const KEYS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', '{t}k', '{t}l'];
export const COUNTERS = ['n', 'o'];

/** What a schedule leaves less to chance. */
export interface Bias {
  readonly config?: Partial<Config>;
  /** Told twice, and no other. */
  readonly story?: StoryName;
}

export function scheduleOf(seed: number, bias: Bias = {}): Schedule {
  const random = seededRandom(seed);
  const below = (n: number): number => Math.floor(random() * n);
  const is = (chance: number): boolean => random() < chance;
  const config: Config = {
    seed,
    codec: is(0.5) ? 'json' : 'string',
    replication: is(0.5) ? 1 : 2,
    nodes: 3 + below(2),
    hasOther: is(0.2),
    hasNamespace: is(0.8),
    hasFallback: is(0.2),
    hasNear: is(0.1),
    isTight: is(0.4),
    onDown: is(0.85) ? 'remap' : 'miss',
    prefer: is(0.7) ? 'primary' : 'any',
    ...bias.config,
  };
  const steps: Step[] = [];
  const storyChance = bias.story === undefined ? 0.3 : 1;
  const draw = (name: StepName, longest: number): Step => ({
    name,
    afterMs: is(0.3) ? 0 : below(longest),
    key: below(KEYS.length),
    node: below(6),
    dice: random(),
  });
  const phase = (name: Phase, count: number, longest: number, weights: Readonly<Record<string, number>>): void => {
    steps.push(draw(name, 10));
    for (let i = 0; i < count; i++) steps.push(draw(pick(random, weights), longest));
  };
  const story = (): void => {
    const told: Story = STORIES[bias.story ?? (COMMON[below(COMMON.length)] as StoryName)];
    const node = below(6);
    for (const [name, afterMs, key] of told) {
      const step = draw(name, 1);
      steps.push({ ...step, afterMs, node, key: key ?? step.key }, draw(pick(random, CALLS), 10));
    }
  };
  phase('storm', 25 + below(35), 25, { ...CALLS, ...FAULTS, ...(is(0.6) ? CHANGES : {}), ...(is(0.3) ? HANDOFF : {}) });
  if (is(storyChance)) story();
  phase('calm', 0, 1, CALLS);
  if (config.replication === 2 && config.onDown === 'remap' && is(0.6))
    phase('single', 30, 40, { ...CALLS, ...FAULTS });
  else phase('planned', 30, 25, { ...CALLS, ...CHANGES, ...(is(0.3) ? { pause: 1, resume: 2 } : {}) });
  const longest = is(0.2) ? 200 : 25;
  phase('storm', 15 + below(35), longest, { ...CALLS, ...FAULTS, ...CLOCK, ...(is(0.3) ? CHANGES : {}) });
  if (is(storyChance)) story();
  phase('calm', 0, 1, CALLS);
  return { config, steps };
}

export function isCall(name: StepName): name is CallName {
  return name in CALLS || name in ALL_KEYS;
}

export function isFault(name: StepName): name is FaultName {
  return name in FAULTS;
}

export function isChange(name: StepName): name is ChangeName {
  return name in CHANGES;
}

export function describe({ config, steps }: Schedule): string {
  const lines = steps.map(
    ({ name, afterMs, key, node, dice }) =>
      `  { name: '${name}', afterMs: ${afterMs}, key: ${key}, node: ${node}, dice: ${dice.toFixed(3)} },`,
  );
  return [`config: ${JSON.stringify(config)}`, 'steps: [', ...lines, ']'].join('\n');
}

function pick(random: Random, weights: Readonly<Record<string, number>>): StepName {
  const entries = Object.entries(weights) as [StepName, number][];
  let left = random() * entries.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [name, weight] of entries) if ((left -= weight) < 0) return name;
  return 'get';
}
