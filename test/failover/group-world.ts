/** A cache over one group of in-process nodes, `a` the primary, under a clock of its own; and what it told. */

import { onTestFinished } from 'vitest';
import type { StalenessRule } from '../../src/base/staleness-rules.js';
import { assembleCache } from '../../src/create-cache.js';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import type { Cache, CacheOptions, GroupView } from '../../src/index.js';
import { FakeClock } from '../../src/testing/fake-clock.js';

export interface WorldOptions extends CacheOptions {
  /** Names and priorities of the standbys. @default one, `b` */
  readonly standbys?: Readonly<Record<string, number>>;
  readonly disabled?: readonly StalenessRule[];
}

export class GroupWorld {
  readonly clock = new FakeClock();
  readonly told: string[] = [];
  readonly cache: Cache;
  readonly #stores = new Map<string, MemoryNode>();

  constructor({ standbys = { b: 100 }, disabled = [], nodes = [], ...options }: WorldOptions = {}) {
    const { clock } = this;
    const member = (name: string) => {
      const store = new MemoryNode({ name, clock });
      this.#stores.set(name, store);
      return { name, group: 'g', driver: createMemoryDriver({ name, clock, store }) };
    };
    this.cache = assembleCache<unknown>(
      {
        nodes: [
          { ...member('a'), role: 'primary' },
          ...Object.entries(standbys).map(([name, priority]) => ({
            ...member(name),
            role: 'standby' as const,
            priority,
          })),
          ...nodes,
        ],
        retry: false,
        fallback: false,
        clock,
        random: () => 0.5,
        ...options,
      },
      new Set(disabled),
    );
    for (const name of ['failedOver', 'failedBack'] as const)
      this.cache.on(name, ({ node, from, to }) => this.told.push(`${name} ${node}: ${from} to ${to}`));
    for (const name of ['nodeEjected', 'nodeReadmitted', 'topologyChanged'] as const)
      this.cache.on(name, () => this.told.push(name));
    onTestFinished(async () => {
      await this.cache.destroy();
    });
  }

  get view(): GroupView {
    const view = this.cache.nodes().find(({ name }) => name === 'g')?.group;
    if (view === undefined) throw new Error('there is no group g');
    return view;
  }

  node(name: string): MemoryNode {
    const store = this.#stores.get(name);
    if (store === undefined) throw new Error(`there is no node ${name}`);
    return store;
  }

  /** A promise of the cache, with time passing until it settles. */
  done<T>(outcome: Promise<T>): Promise<T> {
    return this.clock.until(outcome);
  }

  /** Lets the cache meet its nodes. */
  async start(): Promise<this> {
    await this.done(this.cache.ready());
    await this.clock.advance(1_500);
    return this;
  }
}
