/**
 * What happens in the demo, step by step: fill, read, then one change of the ring after the other in the middle of the
 * traffic. Every change is measured in three parts: a full pass of reads before it, the reads from its beginning to the end
 * of the pass and of the change, and a full pass after it.
 */

import { count, percent, seconds } from './screen/figures.js';
import { Tally } from './traffic.js';

/** The steps, in order, as the screen shows them before they run. */
export function planSteps(fleet, { keyCount, replication }) {
  const nodes = fleet.nodes.length;
  const where = nodes === 1 ? 'all to the one node' : `each to ${Math.min(replication, nodes)} of ${nodes} nodes`;
  const steps = [
    {
      kind: 'fill',
      passes: 1,
      name: 'Fill',
      says: `${count(keyCount)} keys are written, ${where}`,
    },
    { kind: 'read', passes: 1, name: 'Read', says: 'every key is read back' },
  ];
  const { victim, leaver, joiner } = fleet;
  const change = (kind, name, says) => ({ kind, name, says, passes: 2 });
  if (victim !== undefined)
    steps.push(
      change('kill', `Kill ${victim.name}`, 'in the middle of the traffic; some keys are rewritten'),
      change('revive', `Revive ${victim.name}`, 'with the data it had, some of it old by now'),
    );
  const adding = change('add', `Add ${joiner}`, 'its share moves to it, and nothing else moves');
  const removing = change('remove', `Remove ${leaver}`, 'drained: its share moves to those that stay');
  if (leaver !== undefined) steps.push(...(joiner === leaver ? [removing, adding] : [adding, removing]));
  return steps;
}

export class Scenario {
  /** One for each change. */
  rows = [];
  #fleet;
  #ring;
  #traffic;
  #ownership;
  #screen;
  #keyCount;
  #tallies = [];
  #latest = new Tally();

  constructor({ fleet, ring, traffic, ownership, screen, keyCount }) {
    this.#fleet = fleet;
    this.#ring = ring;
    this.#traffic = traffic;
    this.#ownership = ownership;
    this.#screen = screen;
    this.#keyCount = keyCount;
  }

  /** All that was counted. */
  get total() {
    return Tally.sum(this.#tallies);
  }

  async run(steps) {
    for (const step of steps) {
      step.isRunning = true;
      step.pass = 0;
      this.#screen.stepBegan(step);
      if (step.kind === 'fill') step.result = await this.#fill();
      else if (step.kind === 'read') step.result = await this.#read();
      else step.result = await this.#change(step);
      step.isRunning = false;
      await this.#screen.stepEnded(step);
    }
  }

  async #fill() {
    const begun = performance.now();
    this.#count();
    await this.#traffic.fill();
    return `${count(this.#keyCount)} keys written in ${seconds(performance.now() - begun)}`;
  }

  async #read() {
    const begun = performance.now();
    this.#latest = this.#count();
    await this.#traffic.read();
    const { hitRate, reads } = this.#latest;
    return `hit rate ${percent(hitRate)} · ${count(reads)} reads in ${seconds(performance.now() - begun)}`;
  }

  async #change(step) {
    const before = this.#latest;
    const nodesBefore = this.#ring.cache.nodes().length;
    const ownersBefore = await this.#ownership.ofAllKeys();
    const callsBefore = this.#ring.cache.stats().calls;
    const lead = this.#count();
    let during = lead;
    const note = await this.#traffic.readThrough(() => {
      during = this.#count();
      return this.#carryOut(step);
    });
    const after = this.#count();
    step.pass = 1;
    await this.#traffic.read();
    this.#latest = after;
    const ownersAfter = await this.#ownership.ofAllKeys();
    const calls = this.#ring.cache.stats().calls;
    const sum = Tally.sum([lead, during, after]);
    const byFormer = calls.handoffHits - callsBefore.handoffHits;
    const byFallback = calls.fallbackServed - callsBefore.fallbackServed;
    // A read that goes beyond its first owner ends at a replica, a former owner, the fallback, or in a miss.
    const beyond = calls.walks - callsBefore.walks;
    const row = {
      kind: step.kind,
      name: step.name,
      before,
      during,
      after,
      moved: ownersAfter.filter((name, i) => name !== ownersBefore[i]).length,
      theory: this.#keyCount / (step.kind === 'add' ? nodesBefore + 1 : nodesBefore),
      byReplica: Math.max(0, beyond - byFormer - byFallback - (sum.reads - sum.hits)),
      byFormer,
      byFallback,
      stale: sum.stale,
      nodesBefore,
    };
    this.rows.push(row);
    return `hit rate ${percent(Math.min(during.hitRate, after.hitRate))} · ${count(row.moved)} keys moved (K/N ${count(row.theory)})${note}`;
  }

  /** @returns {Promise<string>} what is to be added to the result */
  async #carryOut({ kind }) {
    const { victim, newcomer, leaver } = this.#fleet;
    if (kind === 'kill') {
      this.#ring.dead.add(victim.name);
      await victim.kill();
      return (await this.#ring.untilEjected(victim.name)) ? '' : ', not ejected yet';
    }
    if (kind === 'revive') {
      await victim.bringBack();
      return (await this.#ring.untilHealthy(victim.name)) ? '' : ', not in service yet';
    }
    const isDone = kind === 'add' ? await this.#ring.add(await newcomer()) : await this.#ring.remove(leaver);
    return isDone ? '' : ', hand-off still under way';
  }

  /** A new tally takes over. */
  #count() {
    const tally = new Tally();
    this.#tallies.push(tally);
    this.#traffic.tally = tally;
    return tally;
  }
}
