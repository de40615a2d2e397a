/**
 * What the history of one client may be. The oracle hears of every call when it is made and when it settles, and says what
 * is wrong: a value of another key or of nobody, a value older than the last write issued here before the read, a value
 * past its time, a condition that held on what was gone, a call that settles late or not at all, a miss where a hit was
 * promised.
 */

import type { FakeClock } from '../../src/testing/fake-clock.js';
import type { History, Write } from './history.js';

/** How late a copy may expire: times to live count from the moment a node stores, and copying takes time. */
const TTL_SLACK_MS = 400;
/** One sweep of deadlines, and the turn in which it judges. */
const SWEEP_MS = 9;

export interface Read {
  readonly key: string;
  /** No older write counts. */
  readonly floor: number;
  /** The write whose value must be found; `undefined` if a miss will do. */
  readonly promised: Write | undefined;
}

export interface OracleOptions {
  readonly client: number;
  readonly clock: FakeClock;
  readonly history: History;
  /** Values may outlive their time, marked stale. */
  readonly allowsStale: boolean;
  /** Whether copies carry stamps, so that older ones of other clients are known too. */
  readonly isStamped: boolean;
  readonly says: (what: string) => void;
}

export class Oracle {
  /** Reads to which a hit was promised. */
  promisedHits = 0;
  /** Whether settled keys must be found now. */
  promisesHits = false;
  readonly #options: OracleOptions;
  readonly #floors = new Map<string, number>();
  readonly #calls = new Map<number, { readonly label: string; readonly dueAt: number }>();
  #callCount = 0;

  constructor(options: OracleOptions) {
    this.#options = options;
  }

  get openCalls(): number {
    return this.#calls.size;
  }

  /** A write is about to be issued. Conditional ones count only once they are known to have happened. */
  write(key: string, { isDelete = false, isConditional = false, ttlMs = Number.POSITIVE_INFINITY } = {}): Write {
    const { client, clock, history } = this.#options;
    const write = history.add({ key, by: client, isDelete, isConditional, expiresAt: clock.now() + ttlMs });
    if (!isConditional) this.#floors.set(key, write.seq);
    return write;
  }

  wrote(write: Write, outcome: 'done' | 'unsure' | 'refused'): void {
    write.endedAt = this.#options.history.writes.length;
    // Somebody may have unsettled it meanwhile.
    if (write.outcome === 'open') write.outcome = outcome;
    // Of a conditional write that is unsure nobody says whether it was ever issued.
    if (outcome === 'done' || (outcome === 'unsure' && !write.isConditional)) {
      const floor = this.#floors.get(write.key) ?? 0;
      this.#floors.set(write.key, Math.max(floor, write.seq));
    }
  }

  /** Sequence number of the last write of the key that counts here. */
  floorOf(key: string): number {
    return this.#floors.get(key) ?? 0;
  }

  /** The condition "there is an entry" was found to hold, for `write`, which was made when `floor` was the floor. */
  foundEntry(write: Write, floor: number, what: string): void {
    const mayStand = this.#options.history
      .of(write.key)
      .some((one) => one !== write && one.seq >= floor && !one.isDelete && one.outcome !== 'refused');
    if (!mayStand) this.#says(`${what} of ${write.key} found an entry after write ${floor} had deleted it`);
  }

  /** A compareAndSet took the place of write `base`, although `floor` counted when it was made. */
  replaced(key: string, base: number, floor: number): void {
    // What another client issued before us may have landed after.
    const write = this.#options.history.at(base);
    if (write !== undefined && base < floor && this.#isOld(write, floor))
      this.#says(`compareAndSet of ${key} took the place of write ${base} after write ${floor}`);
  }

  touched(key: string, ttlMs: number): void {
    const { clock, history } = this.#options;
    const end = clock.now() + ttlMs;
    for (const write of history.of(key)) if (write.expiresAt < end) write.expiresAt = end;
  }

  /** @param canBePromised whether a hit may be promised at all */
  read(key: string, canBePromised = true): Read {
    const last = canBePromised && this.promisesHits ? this.#settled(key) : undefined;
    if (last !== undefined) this.promisedHits++;
    return { key, floor: this.floorOf(key), promised: last };
  }

  found(read: Read, value: unknown): void {
    if (value === undefined) this.#missed(read);
    else this.#hit(read, String(value));
  }

  /** Watches a call that must settle within `limitMs`. */
  track<T>(label: string, limitMs: number, call: Promise<T>): Promise<T> {
    const { clock } = this.#options;
    const id = ++this.#callCount;
    const dueAt = clock.now() + limitMs + SWEEP_MS;
    this.#calls.set(id, { label, dueAt });
    const settled = (): void => {
      if (this.#calls.delete(id) && clock.now() > dueAt) this.#says(`${label} settled late`);
    };
    call.then(settled, settled);
    return call;
  }

  checkOpenCalls(): void {
    for (const [id, { label, dueAt }] of this.#calls) {
      if (this.#options.clock.now() <= dueAt) continue;
      this.#says(`${label}, due at ${dueAt}, has not settled`);
      this.#calls.delete(id);
    }
  }

  /** The last write of the key, if it is ours, stored, not about to expire, and nothing of others can take its place. */
  #settled(key: string): Write | undefined {
    const { client, clock, history } = this.#options;
    const last = history.last(key);
    if (last?.outcome !== 'done' || last.isDelete || last.by !== client) return undefined;
    if (last.expiresAt <= clock.now() + TTL_SLACK_MS) return undefined;
    const isDisputed = history.of(key).some(({ by, endedAt, outcome }) => {
      return by !== client && outcome !== 'refused' && (endedAt >= last.seq || outcome !== 'done');
    });
    return isDisputed ? undefined : last;
  }

  #missed({ key, promised }: Read): void {
    // A write issued while the read was under way may have taken the value away.
    if (promised?.outcome !== 'done' || !this.promisesHits) return;
    if (this.#options.history.last(key) === promised)
      this.#says(`miss of ${key}, whose write ${promised.seq} was settled`);
  }

  #hit({ key, floor }: Read, value: string): void {
    const { allowsStale, clock, history } = this.#options;
    const [of, seq] = value.split('=');
    const write = history.at(Number(seq));
    if (of !== key || write?.key !== key || write.isDelete) this.#says(`${value} answered for ${key}`);
    else if (write.outcome === 'refused') this.#says(`write ${seq} of ${key} answered, whose condition did not hold`);
    else if (write.seq < floor && this.#isOld(write, floor))
      this.#says(`write ${seq} of ${key} answered after write ${floor}`);
    else if (!allowsStale && clock.now() > write.expiresAt + TTL_SLACK_MS)
      this.#says(`write ${seq} of ${key} answered ${clock.now() - write.expiresAt} ms past its time`);
  }

  /** What another client issued before us may land after. */
  #isOld({ by, outcome, endedAt }: Write, floor: number): boolean {
    const { client, isStamped } = this.#options;
    return by === client || (isStamped && outcome === 'done' && endedAt < floor);
  }

  #says(what: string): void {
    const { client, says } = this.#options;
    says(client === 0 ? what : `other client: ${what}`);
  }
}
