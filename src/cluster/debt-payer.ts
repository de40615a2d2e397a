/**
 * Pays debts in the background (rule R5): deletes keys whose copies on a node must not be trusted, and makes sure that
 * abandoned connections are gone, whenever the node can be reached.
 *
 * Batched and rate-limited, so that a node that has just come back is not flooded. Until a debt is paid, reads and
 * conditional writes go round it; nothing here is needed for correctness, only for the hit rate.
 */

import pLimit from 'p-limit';
import type { Clock, Timer } from '../base/clock.js';
import { type CacheError, NodeError } from '../errors.js';
import type { CacheNode } from '../node/cache-node.js';
import type { Ledger } from './ledger/ledger.js';

export interface PayerParts {
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** Deletes `key` on `node` behind the scenes; `true` once the node has confirmed it. */
  readonly remove: (node: CacheNode, key: string, hash: number) => Promise<boolean>;
  /** The node does not let us end connections that we gave up; told once a node. */
  readonly refused: (node: CacheNode, error: CacheError) => void;
}

const TICK_MS = 50;
/** Keys a tick and node: at most 10,000 a second. */
const KEYS_PER_TICK = 500;
const CONCURRENCY = 128;

export class DebtPayer {
  readonly #parts: PayerParts;
  readonly #limit = pLimit(CONCURRENCY);
  /** Nodes met so far: a debt may come up at any of them when a settling time ends. */
  readonly #nodes = new Set<CacheNode>();
  readonly #busy = new Set<CacheNode>();
  /** Calls from before a node left may still fail there. */
  readonly #gone = new WeakSet<CacheNode>();
  /** Nodes that have refused to end a connection. */
  readonly #unwilling = new WeakSet<CacheNode>();
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(parts: PayerParts) {
    this.#parts = parts;
  }

  /** Debts of all nodes not yet paid. */
  get unpaid(): number {
    return [...this.#nodes].reduce((sum, node) => sum + this.#parts.ledger.keyDebts(node.slot), 0);
  }

  /** Whether any debtor can be reached at present, and is owed keys that can still be named. */
  canPay(): boolean {
    const payable = new Set<number>();
    for (const { node, keyDebts, forgotten } of this.#parts.ledger.stats().nodes)
      if (keyDebts > forgotten) payable.add(node);
    return [...this.#nodes].some((node) => node.isConnected && payable.has(node.slot));
  }

  /** Debts of `node` may have grown. */
  owed(node: CacheNode): void {
    if (this.#gone.has(node)) return;
    this.#nodes.add(node);
    this.#schedule();
  }

  /** `node` has a new connection: abandoned ones are put to rest first, since they could undo a payment. */
  opened(node: CacheNode): void {
    this.#nodes.add(node);
    void this.#putToRest(node).then(() => this.#schedule());
  }

  /** The node is gone for good. */
  forget(node: CacheNode): void {
    this.#gone.add(node);
    this.#nodes.delete(node);
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#nodes.clear();
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#isStopped || this.#debtors().length === 0) return;
    this.#timer = this.#parts.clock.setTimer(() => {
      this.#timer = undefined;
      this.#parts.ledger.settle();
      for (const node of this.#debtors()) void this.#pay(node);
      this.#schedule();
    }, TICK_MS);
  }

  async #pay(node: CacheNode): Promise<void> {
    const { ledger } = this.#parts;
    if (!node.isConnected || this.#busy.has(node)) return;
    this.#busy.add(node);
    try {
      await this.#putToRest(node);
      const debts = ledger.takeForPayment(node.slot, KEYS_PER_TICK);
      await Promise.all(
        debts.map((debt) =>
          this.#limit(async () => {
            // A newer write on its way there pays it too, and must not be deleted behind; nor must one tried again, or a copy.
            const isDue = ledger.isDistrusted(node.slot, debt.hash, debt.key) !== 'no' && !node.isWriting(debt.key);
            const isPaid = isDue && (await this.#parts.remove(node, debt.key, debt.hash));
            if (isPaid) ledger.paid(debt);
            else ledger.unpaid(debt);
          }),
        ),
      );
    } finally {
      this.#busy.delete(node);
    }
  }

  async #putToRest(node: CacheNode): Promise<void> {
    const { ledger } = this.#parts;
    for (const id of ledger.abandonedConnections(node.slot)) {
      const isGone = await node.ensureGone(id).catch((error: unknown) => this.#afterFailure(node, error));
      if (isGone === true) ledger.connectionGone(node.slot, id);
      else if (isGone === false) ledger.cannotTell(node.slot, id);
    }
  }

  /** A node that refuses will not change its mind, and is one that cannot tell: `false`. Else it is worth another try. */
  #afterFailure(node: CacheNode, error: unknown): false | undefined {
    if (!(error instanceof NodeError) || (error.reason !== 'auth' && error.reason !== 'rejected')) return undefined;
    if (!this.#unwilling.has(node)) this.#parts.refused(node, error);
    this.#unwilling.add(node);
    return false;
  }

  #debtors(): CacheNode[] {
    return [...this.#nodes].filter((node) => this.#parts.ledger.owes(node.slot));
  }
}
