/**
 * Commands that may wait at the server: BLPOP and its like.
 *
 * - Each waits on a connection of its own, so nothing is delayed by it. Those whose first key is the same go one after
 *   another, in the order issued, as on the one connection of ioredis.
 * - What this client issued before, to the same node, is carried out before: it is waited for. What it issues afterwards
 *   does not wait, and can be what a waiting command waits for.
 * - A command is sent once. Where its connection is lost nobody knows whether it took something: it fails.
 * - The deadline is that of the command and `blockingTimeoutGrace`; without one (a timeout of 0) it waits for as long as
 *   the server knows its connection, which is asked every few seconds (`Vigil`).
 */

import type { Command } from 'ioredis';
import type { Clock, Timer } from '../../base/clock.js';
import { setFairTimer } from '../../base/fair-timer.js';
import type { Connection } from '../../driver/driver.js';
import { CacheError, NodeError, TimeoutError } from '../../errors.js';
import type { CacheNode } from '../../node/cache-node.js';
import { BlockingLine } from './blocking-line.js';
import { commonOwner } from './cross-node.js';
import type { Fleet } from './fleet.js';
import { fail, settle } from './reply.js';
import { Vigil } from './vigil.js';
import { keysOf, keyText, nameOf, wordsOf } from './words.js';

/** Of those that wait and those that wait for their turn together. */
const MOST_CALLS = 10_000;

export interface BlockingTerms {
  /** One attempt to connect. */
  readonly connectMs: number;
  /** How long a server is tried that cannot be reached. */
  readonly patienceMs: number;
  /** How much later than a command's own timeout its answer may come. */
  readonly graceMs: number;
  /** Where set, as in ioredis: a command without timeout is given up after this, and what is given up answers `null`. */
  readonly longestMs: number | undefined;
  /** How often the server is asked whether it still knows those who wait. */
  readonly lookEveryMs: number;
  readonly clock: Clock;
}

interface Call {
  readonly command: Command;
  readonly node: CacheNode;
  /** In ms; 0: for ever. */
  readonly waitMs: number;
  connection: Connection | undefined;
  limit: Timer | undefined;
  isSettled: boolean;
}

export class BlockingCalls {
  readonly #fleet: Fleet;
  readonly #terms: BlockingTerms;
  readonly #lines = new Map<CacheNode, BlockingLine>();
  readonly #calls = new Set<Call>();
  /** The last call of each first key. */
  readonly #turns = new Map<string, Promise<void>>();
  readonly #vigil: Vigil;

  constructor(fleet: Fleet, terms: BlockingTerms) {
    this.#fleet = fleet;
    this.#terms = terms;
    this.#vigil = new Vigil(fleet, () => this.#lines, terms.lookEveryMs);
  }

  /** Settles the command sooner or later. @throws CacheError at once, nothing sent */
  ask(command: Command): void {
    const keys = keysOf(command);
    const node = commonOwner(this.#fleet, nameOf(command), keys);
    if (this.#calls.size >= MOST_CALLS)
      throw new CacheError('ERR_BULKHEAD_FULL', `${MOST_CALLS} commands wait already`, { node: node.name });
    const waitMs = command.extractBlockingTimeout() ?? 0;
    const call: Call = { command, node, waitMs, connection: undefined, limit: undefined, isSettled: false };
    this.#calls.add(call);
    this.#limit(call);
    const key = keyText(keys[0] ?? '');
    const before = this.#turns.get(key);
    // What was issued so far, and not what comes while others are waited for.
    const fence = this.#fence(node);
    const turn = (before === undefined ? fence : before.then(() => fence)).then((lost) =>
      lost === undefined || call.limit !== undefined ? this.#run(call) : this.#fail(call, lost),
    );
    this.#turns.set(key, turn);
    void turn.then(() => {
      if (this.#turns.get(key) === turn) this.#turns.delete(key);
    });
  }

  /** Fails all that wait, as ioredis does. */
  close(error: Error): void {
    for (const call of this.#calls) this.#fail(call, error);
    for (const line of this.#lines.values()) line.close();
    this.#lines.clear();
    this.#vigil.end();
  }

  /**
   * Resolves when all that this client has sent the node so far has been answered, one way or other: with an error if the
   * node was found to be silent, and is not worth a wait.
   */
  #fence(node: CacheNode): Promise<CacheError | undefined> {
    if (node.isIdle) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#fleet.askNode(node, ['PING'], {
        replied: () => resolve(undefined),
        failed: (error) => resolve(error instanceof NodeError && error.reason === 'stalled' ? error : undefined),
      });
    });
  }

  /** Never rejects. */
  async #run(call: Call): Promise<void> {
    if (call.isSettled) return;
    const line = this.#lineOf(call.node);
    try {
      const connection = await line.take(
        call.limit === undefined ? this.#terms.patienceMs : Infinity,
        () => !call.isSettled,
      );
      if (call.isSettled) {
        line.giveBack(connection);
        return;
      }
      call.connection = connection;
      const deadline = this.#deadline(call, line, connection);
      this.#vigil.begin();
      const reply = await line.ask(connection, wordsOf(call.command)).finally(() => deadline?.cancel());
      this.#settle(call, () => settle(call.command, reply));
    } catch (error) {
      this.#fail(call, error as Error);
    }
  }

  /** That of `longestMs`: from the call on, whatever it waits for, and no failure. */
  #limit(call: Call): void {
    const { longestMs } = this.#terms;
    if (longestMs === undefined) return;
    const limitMs = call.waitMs > 0 ? this.#dueMs(call) : longestMs;
    call.limit = this.#in(limitMs, () => {
      const { connection } = call;
      this.#settle(call, () => call.command.resolve(null));
      if (connection !== undefined) this.#lineOf(call.node).drop(connection, this.#late(call, limitMs));
    });
  }

  #deadline(call: Call, line: BlockingLine, connection: Connection): Timer | undefined {
    if (call.waitMs === 0) return undefined;
    const dueMs = this.#dueMs(call);
    return this.#in(dueMs, () => line.drop(connection, this.#late(call, dueMs)));
  }

  #dueMs({ waitMs }: Call): number {
    return waitMs + this.#terms.graceMs;
  }

  #in(ms: number, task: () => void): Timer | undefined {
    return ms > LONGEST_TIMER_MS ? undefined : setFairTimer(this.#terms.clock, task, ms);
  }

  #late({ command, node }: Call, limitMs: number): TimeoutError {
    return new TimeoutError(`${nameOf(command)} was not answered in time`, limitMs, true, { node: node.name });
  }

  #lineOf(node: CacheNode): BlockingLine {
    let line = this.#lines.get(node);
    if (line === undefined) {
      line = new BlockingLine(node, this.#terms.connectMs);
      this.#lines.set(node, line);
    }
    return line;
  }

  #fail(call: Call, error: Error): void {
    this.#settle(call, () => fail(call.command.reject, error, call.command));
  }

  #settle(call: Call, tell: () => void): void {
    if (call.isSettled) return;
    call.isSettled = true;
    call.limit?.cancel();
    this.#calls.delete(call);
    tell();
  }
}

/** More is as good as for ever. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
