/**
 * BoundsWatch: whether hit rate and error rate are still what they were before keys were cut over. It is given totals at
 * the end of each window, and goes by what they grew by; windows before are weighed together, the later ones heavier.
 */

/** Counted since the beginning. */
export interface Totals {
  readonly hits: number;
  readonly misses: number;
  readonly attempts: number;
  readonly failures: number;
}

export interface Bounds {
  readonly hitRateDrop: number;
  readonly errorRateRise: number;
  readonly minimumCalls: number;
}

/** Shares, 0 to 1; `undefined` where too little was counted. */
export interface Rates {
  readonly hitRate: number | undefined;
  readonly errorRate: number | undefined;
}

const NOTHING: Totals = { hits: 0, misses: 0, attempts: 0, failures: 0 };
/** What the window before the last one counts beside it. */
const WEIGHT = 0.5;

export class BoundsWatch {
  readonly #bounds: Bounds;
  #last = NOTHING;
  #before = NOTHING;
  #now: Rates = { hitRate: undefined, errorRate: undefined };

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  get before(): Rates {
    return this.#ratesOf(this.#before);
  }

  /** Of the last window. */
  get now(): Rates {
    return this.#now;
  }

  /** A window without a key cut over has ended. */
  measureBefore(totals: Totals): void {
    this.#before = sum(this.#grown(totals), this.#before, WEIGHT);
  }

  /** A window has ended; answers why keys should be given back, if they should. */
  measure(totals: Totals): string | undefined {
    const { before } = this;
    this.#now = this.#ratesOf(this.#grown(totals));
    const { hitRate, errorRate } = this.#now;
    const { hitRateDrop, errorRateRise } = this.#bounds;
    // A process that began with keys cut over knows nothing of before: it must not leave the others for a failure at its start.
    if (errorRate !== undefined && before.errorRate !== undefined && errorRate > before.errorRate + errorRateRise)
      return `${percent(errorRate)} of attempts fail, ${percent(before.errorRate)} did before`;
    if (hitRate !== undefined && before.hitRate !== undefined && hitRate < before.hitRate - hitRateDrop)
      return `${percent(hitRate)} of reads hit, ${percent(before.hitRate)} did before`;
    return undefined;
  }

  #grown(totals: Totals): Totals {
    const grown = sum(totals, this.#last, -1);
    this.#last = totals;
    return grown;
  }

  #ratesOf({ hits, misses, attempts, failures }: Totals): Rates {
    const { minimumCalls } = this.#bounds;
    return {
      hitRate: hits + misses < minimumCalls ? undefined : hits / (hits + misses),
      errorRate: attempts < minimumCalls ? undefined : failures / attempts,
    };
  }
}

/** `a` and so many times `b`. */
function sum(a: Totals, b: Totals, times: number): Totals {
  return {
    hits: a.hits + b.hits * times,
    misses: a.misses + b.misses * times,
    attempts: a.attempts + b.attempts * times,
    failures: a.failures + b.failures * times,
  };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
