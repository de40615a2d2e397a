/** The state of the demo at this moment, as the screens draw it. */

export class Watch {
  #parts;

  constructor(parts) {
    this.#parts = parts;
  }

  /** @param cells how many sample keys are to be shown with their nodes */
  look(cells) {
    const { title, options, ring, ownership, steps } = this.#parts;
    return {
      title,
      keyCount: options.keyCount,
      replication: options.replication,
      steps,
      nodes: ring.nodes(),
      shares: ownership.shares,
      cells: ownership.cells(cells),
      progress: this.#progress(steps.find(({ isRunning }) => isRunning)),
    };
  }

  #progress(step) {
    if (step === undefined) return undefined;
    const { options, ring, traffic } = this.#parts;
    const { tally, handled, begunAt } = traffic;
    return {
      share: (step.pass + Math.min(1, handled / options.keyCount)) / step.passes,
      perSecond: (handled * 1_000) / Math.max(1, performance.now() - begunAt),
      unit: step.kind === 'fill' ? 'writes' : 'reads',
      hitRate: tally.reads === 0 ? undefined : tally.hitRate,
      handoffShare: ring.handoffShare,
    };
  }
}
