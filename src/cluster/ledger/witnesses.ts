/**
 * Witnesses: a 16-bit number for each incarnation of a node. When a node restarts it gets a new number, and whatever
 * the floors say of the old one is void at once, in however many floors it stands.
 *
 * After 65,535 restarts the numbers run out; then the table of floors is cleared of dead ones, once, and they are
 * given out again.
 */

export const NO_WITNESS = 0xffff;

export class Witnesses {
  private readonly nodes: (number | undefined)[] = [];
  private free: number[] = [];
  private readonly strikeDead: () => void;

  /** @param strikeDead removes every trace of dead witnesses. */
  constructor(strikeDead: () => void) {
    this.strikeDead = strikeDead;
  }

  /** The node whose present incarnation this is; `undefined` if that life is over. */
  nodeOf(witness: number): number | undefined {
    return this.nodes[witness];
  }

  isDead(witness: number): boolean {
    return witness !== NO_WITNESS && this.nodes[witness] === undefined;
  }

  enlist(node: number): number {
    const witness = this.nodes.length < NO_WITNESS ? this.nodes.length : this.reused();
    this.nodes[witness] = node;
    return witness;
  }

  retire(witness: number): void {
    this.nodes[witness] = undefined;
  }

  private reused(): number {
    if (this.free.length === 0) {
      this.strikeDead();
      this.free = [...this.nodes.keys()].filter((witness) => this.nodes[witness] === undefined);
    }
    const witness = this.free.pop();
    if (witness === undefined) throw new RangeError(`the ledger knows at most ${NO_WITNESS} nodes at once`);
    return witness;
  }
}
