/**
 * What is thought of one node, and what changes it. Pure: evidence comes in, a state comes out; no timer, no I/O.
 *
 *     unknown ──▶ healthy ⇄ degraded ──failures──▶ ejected ──time served, probes pass──▶ syncing ──▶ warming ──▶ healthy
 *                                                     ▲                                    │           │
 *                                                     └────────────── failures ────────────┴───────────┘
 *
 * `maintenance` is entered and left by an operator alone. Only probes readmit. The time to be served doubles with each
 * ejection that follows soon upon the last, and falls back by one doubling for each such time spent well.
 */

export type HealthState = 'unknown' | 'healthy' | 'degraded' | 'ejected' | 'syncing' | 'warming' | 'maintenance';

export interface DetectorSettings {
  /** Probes that fail in a row before the node is ejected. */
  readonly unhealthyAfter: number;
  /** Probes that pass in a row before an ejected node returns. */
  readonly healthyAfter: number;
  readonly ejectionMs: number;
  readonly maxEjectionMs: number;
}

export class FailureDetector {
  readonly #settings: DetectorSettings;
  #state: HealthState = 'unknown';
  #failuresInARow = 0;
  #passesInARow = 0;
  #streak = 0;
  #since = 0;
  #until = 0;

  constructor(settings: DetectorSettings) {
    this.#settings = settings;
  }

  get state(): HealthState {
    return this.#state;
  }

  /** Walked past by owners. */
  get isMasked(): boolean {
    return this.#state === 'ejected' || this.#state === 'syncing' || this.#state === 'maintenance';
  }

  /** Something failed lately and the verdict is open: worth another look soon. */
  get isSuspect(): boolean {
    return this.#failuresInARow > 0 && !this.isMasked;
  }

  /** Has served its time and passed its probes. */
  mayReturn(now: number): boolean {
    return this.#state === 'ejected' && now >= this.#until && this.#passesInARow >= this.#settings.healthyAfter;
  }

  /** Its last probe passed: of a node that is being made ready, nothing less will do. */
  get isAnswering(): boolean {
    return this.#passesInARow > 0;
  }

  /** Failed often enough to be ejected, if the ring can do without it. */
  get isFailing(): boolean {
    if (this.#state === 'ejected' || this.#state === 'maintenance') return false;
    return this.#failuresInARow >= this.#settings.unhealthyAfter;
  }

  passed(now: number): void {
    this.#failuresInARow = 0;
    this.#passesInARow++;
    if (this.#state === 'unknown') this.#enter('healthy', now);
    const isWell = this.#state === 'healthy' || this.#state === 'degraded';
    if (isWell && this.#streak > 0 && now - this.#since >= this.#servingMs()) {
      this.#streak--;
      this.#since = now;
    }
  }

  failed(): void {
    this.#passesInARow = 0;
    this.#failuresInARow++;
  }

  /** Slower than its like; or again as fast. */
  slow(isSlow: boolean): void {
    // Neither begins a new time of being well.
    if (this.#state === 'healthy' && isSlow) this.#state = 'degraded';
    else if (this.#state === 'degraded' && !isSlow) this.#state = 'healthy';
  }

  eject(now: number): void {
    this.#streak++;
    this.#until = now + this.#servingMs();
    this.#passesInARow = 0;
    this.#enter('ejected', now);
  }

  sync(now: number): void {
    this.#enter('syncing', now);
  }

  warm(now: number): void {
    this.#enter('warming', now);
  }

  recover(now: number): void {
    this.#failuresInARow = 0;
    this.#enter('healthy', now);
  }

  /** What was seen before the work on it says nothing of how it is after. */
  maintain(now: number): void {
    this.#passesInARow = 0;
    this.#failuresInARow = 0;
    this.#enter('maintenance', now);
  }

  #servingMs(): number {
    const { ejectionMs, maxEjectionMs } = this.#settings;
    return Math.min(maxEjectionMs, ejectionMs * 2 ** Math.max(0, Math.min(this.#streak - 1, 30)));
  }

  #enter(state: HealthState, now: number): void {
    this.#state = state;
    this.#since = now;
  }
}
