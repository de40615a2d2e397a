/** The groups of a cache: which node of the ring stands for which, and what becomes of a verdict on one. */

import type { Clock } from '../base/clock.js';
import { OptionError } from '../errors.js';
import type { FailoverGroup, GroupView } from '../failover/failover-group.js';
import type { CacheNode } from '../node/cache-node.js';
import type { HealthSettings } from '../options/health.js';
import type { Probe } from './probe.js';

/** A probe that took so much longer than it may was late for our own sake. */
const LATE_MS = 50;

export class Groups {
  readonly #byNode = new Map<CacheNode, FailoverGroup>();

  add(node: CacheNode, group: FailoverGroup): void {
    this.#byNode.set(node, group);
  }

  /** The node has left the ring. */
  forget(node: CacheNode): void {
    this.#byNode.get(node)?.stop();
    this.#byNode.delete(node);
  }

  stop(): void {
    for (const group of this.#byNode.values()) group.stop();
  }

  viewOf(node: CacheNode): GroupView | undefined {
    return this.#byNode.get(node)?.view();
  }

  /** Makes the node called `to` the active one of its group. @throws OptionError; CacheError `ERR_UNAVAILABLE` */
  async failover(to: string): Promise<void> {
    const group = [...this.#byNode.values()].find((one) => one.has(to));
    if (group === undefined) throw new OptionError('to', `no node of a group is called '${String(to)}'`);
    await group.failover(to);
  }

  /**
   * The probe, less the verdicts that a fail-over answers: where a node would be ejected its standby takes over, and is
   * given as many probes of its own. Those of a node for which nobody can take over count as those of any other do.
   */
  relieving(probe: Probe, clock: Clock, { unhealthyAfter, timeoutMs }: HealthSettings): Probe {
    const trials = new WeakMap<CacheNode, Trial>();
    return async (node) => {
      const group = this.#byNode.get(node);
      if (group === undefined) return probe(node);
      group.start();
      const trial = trials.get(node) ?? { failures: 0, verdicts: 0, switches: 0 };
      trials.set(node, trial);
      const beganAt = clock.now();
      const passed = await probe(node);
      if (passed === true) trials.delete(node);
      if (passed !== false || clock.now() - beganAt > timeoutMs + LATE_MS) return passed;
      trial.failures++;
      // All verdicts but the last, so that the node is looked at more often.
      if (trial.failures < unhealthyAfter) return ++trial.verdicts < unhealthyAfter ? false : undefined;
      if (trial.switches >= group.size || !(await group.takeOver('probes failed'))) return false;
      trial.failures = 0;
      trial.switches++;
      return undefined;
    };
  }
}

/** What was seen of a group since it last passed a probe. */
interface Trial {
  /** Of the node that is active. */
  failures: number;
  /** Failures told. */
  verdicts: number;
  switches: number;
}
