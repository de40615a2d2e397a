/**
 * Runs: operations that take more than one exchange, and what keeps the order of settling while they do.
 *
 *     sent | replies come in and are kept | what needs more is carried out | settled in order; what was held leaves
 *
 * A run begins with a decrement, which may leave a padded counter (counter-repair); with a replace, which must look before
 * it stores; or with a reply that tells of a placeholder in the way (placeholder), and then takes in all that was sent
 * behind. Counts behind a decrement join its run, since they read a padded number as the number it is; anything else that
 * is sent during a run is held until it has ended. Increments and adds alone make no run and hold nothing.
 */

import { type CacheError, NodeError } from '../../errors.js';
import type { CountOperation, Operation, StoreOperation } from '../driver.js';
import { type AddLook, isAddLook, isNotedStore, type NotedStore } from './add-pair.js';
import { mayBePadded, type RepairHost, repairCounter, undoOf } from './counter-repair.js';
import type { Look } from './look.js';
import { type KnownOutcome, known, knownFailure } from './owed.js';
import { carryOut, guardOf, type Misled } from './placeholder.js';
import { recorded, whenStored } from './recorded.js';
import type { Overflow } from './settle-meta.js';

export interface RunHost extends RepairHost {
  /** Entries sent whose replies are awaited. */
  readonly awaited: number;
  /** Sends what was held, as if it came only now. */
  transmit(operations: readonly Operation[]): void;
}

class Run {
  /** How many entries at the end of what is awaited are part of this run. */
  pending = 0;
  /** In the order of sending. */
  readonly outcomes: KnownOutcome[] = [];
  /** Counters to look at before anybody hears of them. */
  readonly suspects = new Set<string>();
  /** What is to be carried out yet, and whose place among the outcomes it has. */
  readonly misled: { readonly what: Misled; readonly at: number }[] = [];
  /** Keys set or deleted behind whatever began the run. */
  readonly rewritten = new Set<string>();
  readonly held: Operation[] = [];
  /** Whether counts sent together with what began the run are part of it. */
  takesCounts = false;
  /** The look of a replace that began the run. */
  leader: Operation | undefined = undefined;
  /** All replies are in. */
  isEnding = false;
}

export class Runs {
  private readonly host: RunHost;
  private run: Run | undefined = undefined;
  /** Outcomes of a run that has ended, each about to be told. */
  private leaving: KnownOutcome[] = [];

  constructor(host: RunHost) {
    this.host = host;
  }

  get isRunning(): boolean {
    return this.run !== undefined;
  }

  /** Operations kept here, replied to or not yet sent. */
  get kept(): number {
    const { run, leaving } = this;
    return leaving.length + (run === undefined ? 0 : run.outcomes.length + run.held.length);
  }

  /** Whether an operation sent together with what began the run may leave. */
  takes(operation: Operation): boolean {
    return operation.kind === 'count' && this.run?.takesCounts === true;
  }

  hold(operations: readonly Operation[]): void {
    for (const operation of operations) this.run?.held.push(operation);
  }

  /** A count has been sent, or refused without a request. */
  sent(operation: CountOperation, isRequest: boolean): void {
    if (isRequest && operation.delta < 0 && this.run === undefined) {
      this.run = new Run();
      this.run.takesCounts = true;
    }
    if (this.run !== undefined) this.run.pending++;
  }

  /** What a replace begins with: nothing may leave behind it until it has stored. */
  lookFirst(operation: StoreOperation): Look {
    const run = new Run();
    const missing = (): void => {
      // What was misled before it may yet store the key: it must look again.
      if (run.misled.length > 0) this.misled(operation, undefined);
      else this.advance(known(operation, () => operation.done(false)));
    };
    const look: Look = {
      kind: 'inspect',
      key: operation.key,
      withValue: false,
      found: ({ token }) => this.misled(operation, token),
      miss: missing,
      placeholder: missing,
      fail: (error) => (this.run === run ? this.advance(knownFailure(operation, error)) : operation.fail(error)),
    };
    run.leader = look;
    run.pending = 1;
    this.run = run;
    return look;
  }

  /** The operation to settle in place of the one that has just been replied to. */
  postponed(head: Operation): Operation {
    const { run } = this;
    if (run === undefined || run.isEnding || head === run.leader || !this.isNext()) return head;
    if (head.kind === 'store' && isNotedStore(head)) return this.notedNow(head);
    if (head.kind === 'inspect' && isAddLook(head)) return this.lookedNow(head);
    if (head.kind === 'delete' && guardOf(head) === undefined) run.rewritten.add(head.key);
    const isEarly = head.kind === 'get' || head.kind === 'inspect' || head.kind === 'touch';
    const again = isEarly && run.misled.some(({ what }) => what.operation.key === head.key);
    const target = recorded(head, (outcome) => (again ? this.misled(head, undefined) : this.advance(outcome)));
    return whenStored(target, () => run.rewritten.add(head.key));
  }

  /** An operation of our own is about to be sent behind the run. */
  join(): void {
    if (this.run?.isEnding === false) this.run.pending++;
  }

  known(outcome: KnownOutcome): void {
    if (this.isNext()) this.advance(outcome);
    else outcome.settle();
  }

  counted(operation: CountOperation, result: number | undefined | Overflow | CacheError): void {
    const isInner = this.run?.isEnding === true;
    const isOfRun = !isInner && this.isNext();
    let outcome: KnownOutcome;
    if (result === undefined || typeof result === 'number') {
      if (isOfRun && result !== undefined && mayBePadded(operation, result)) this.run?.suspects.add(operation.key);
      outcome = known(operation, () => operation.done(result));
    } else if ('isOverflow' in result) {
      if (result.isUndoable) this.undo(operation, isInner);
      const text = 'a counter ends at 2^53 - 1';
      outcome = knownFailure(operation, new NodeError('rejected', text, { key: operation.key }));
    } else if (!isInner && result instanceof NodeError && result.reason === 'wrong-type') {
      this.misled(operation, undefined);
      return;
    } else outcome = knownFailure(operation, result);
    if (isOfRun) this.advance(outcome);
    else outcome.settle();
  }

  /** The operation that has just been replied to needs more; what was sent behind it waits for its outcome. */
  misled(operation: Operation, token: string | undefined): void {
    if (this.run === undefined || !this.isNext()) {
      this.run ??= new Run();
      this.run.pending = this.host.awaited + 1;
    }
    this.run.misled.push({ what: { operation, token }, at: this.run.outcomes.length });
    this.advance(known(operation, () => undefined));
  }

  /** Ends whatever runs; answers what was replied to and what was held, oldest first. */
  abandon(): { readonly outcomes: readonly KnownOutcome[]; readonly held: readonly Operation[] } {
    const { outcomes, held } = this.run ?? new Run();
    const all = [...this.leaving, ...outcomes];
    this.run = undefined;
    this.leaving = [];
    return { outcomes: all, held };
  }

  /** Whether the entry that has just left what is awaited was part of the run. */
  private isNext(): boolean {
    return this.run !== undefined && this.run.pending > this.host.awaited;
  }

  /** The store of an add tells nobody anything: it may be noted at once. */
  private notedNow(head: NotedStore): Operation {
    const noted = (note: () => void): void => {
      note();
      this.advance(known(head, () => undefined));
    };
    const done = (isStored: boolean): void => noted(() => head.done(isStored));
    return { ...head, done, fail: (error) => noted(() => head.fail(error)) };
  }

  /** Whether an add needs more is told in the order of replies, so that it is carried out before what came behind it. */
  private lookedNow(head: AddLook): Look {
    const settle = (): void => this.advance(known(head.operation, () => head.settle()));
    const missing = (token?: string): void => (head.isRefused() ? this.misled(head.operation, token) : settle());
    const fail = (error: CacheError): void => this.advance(knownFailure(head.operation, error));
    return { ...head, found: settle, miss: () => missing(), placeholder: missing, fail };
  }

  private undo(operation: CountOperation, isInner: boolean): void {
    if (!isInner) {
      this.run ??= new Run();
      this.run.pending++;
    }
    this.host.sendNow(undoOf(operation));
  }

  private advance(outcome: KnownOutcome): void {
    const { run } = this;
    if (run === undefined) return;
    run.outcomes.push(outcome);
    if (--run.pending > 0) return;
    run.isEnding = true;
    this.carryOutFrom(run, 0);
  }

  /** One after another: two of them may concern one key. */
  private carryOutFrom(run: Run, index: number): void {
    const next = run.misled[index];
    if (next === undefined) {
      this.repair(run);
      return;
    }
    const { operation } = next.what;
    const send = (inner: Operation): void => this.host.sendNow(inner);
    carryOut(next.what, run.rewritten.has(operation.key), send, (outcome) => {
      if (this.run !== run) return;
      run.outcomes[next.at] = outcome;
      if (operation.kind === 'count' && operation.delta < 0) run.suspects.add(operation.key);
      this.carryOutFrom(run, index + 1);
    });
  }

  private repair(run: Run): void {
    let repairs = run.suspects.size;
    if (repairs === 0) {
      this.end(run);
      return;
    }
    const done = (): void => {
      if (--repairs === 0 && this.run === run) this.end(run);
    };
    for (const key of run.suspects) repairCounter(key, this.host, done);
  }

  /** What was held leaves first: the callbacks may send more, which comes behind it. */
  private end(run: Run): void {
    this.run = undefined;
    this.leaving = run.outcomes;
    this.host.transmit(run.held);
    for (let outcome = this.leaving.shift(); outcome !== undefined; outcome = this.leaving.shift()) outcome.settle();
  }
}
