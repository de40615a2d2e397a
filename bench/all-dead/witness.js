/** What a run of calls did, second by second: answers and where they came from, latency, sockets begun, bytes held. */

import { subscribe } from 'node:diagnostics_channel';
import { createHistogram } from 'node:perf_hooks';
import { bytesHeld } from '../harness/collected.js';

const MIB = 2 ** 20;

export class Witness {
  #since = performance.now();
  /** Sockets begun: when. */
  connects = [];
  /** Bytes held after a collection: [seconds, MiB]. */
  held = [];
  answered = 0;
  missed = 0;
  failed = 0;
  unsettled = 0;
  #latency = createHistogram();

  constructor() {
    subscribe('net.client.socket', () => this.connects.push(this.seconds));
  }

  get seconds() {
    return (performance.now() - this.#since) / 1_000;
  }

  async sample() {
    const { all } = await bytesHeld();
    this.held.push([this.seconds, all / MIB]);
  }

  /** Counts one call. */
  see(promise) {
    const at = performance.now();
    this.unsettled++;
    promise.then(
      (value) => {
        this.#settled(at);
        if (value === undefined || value === false) this.missed++;
        else this.answered++;
      },
      () => {
        this.#settled(at);
        this.failed++;
      },
    );
  }

  /** What happened since it was last asked. */
  take() {
    const { answered, missed, failed } = this;
    const micros = this.#latency;
    const p99Ms = micros.count === 0 ? 0 : micros.percentile(99) / 1_000;
    const longestMs = micros.count === 0 ? 0 : micros.max / 1_000;
    this.answered = 0;
    this.missed = 0;
    this.failed = 0;
    micros.reset();
    return { answered, missed, failed, p99Ms, longestMs };
  }

  connectsBetween(from, to) {
    return this.connects.filter((at) => at >= from && at < to).length;
  }

  /** MiB a minute, by least squares over what was held between two moments. */
  slope(from, to) {
    const points = this.held.filter(([at]) => at >= from && at <= to);
    const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const [x, y] = [mean(points.map(([at]) => at)), mean(points.map(([, mib]) => mib))];
    const across = points.reduce((sum, [at, mib]) => sum + (at - x) * (mib - y), 0);
    return (60 * across) / points.reduce((sum, [at]) => sum + (at - x) ** 2, 0);
  }

  #settled(at) {
    this.unsettled--;
    this.#latency.record(Math.max(1, Math.round((performance.now() - at) * 1_000)));
  }
}
