/**
 * The closing line of a test run: how many real servers it ran against. The kit logs each start to a file, since every
 * test file runs in a process of its own.
 */

import { existsSync, readFileSync, rmSync } from 'node:fs';
import type { Reporter } from 'vitest/node';

export class ServerCountReporter implements Reporter {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  onTestRunStart(): void {
    rmSync(this.#file, { force: true });
  }

  onTestRunEnd(): void {
    const log = existsSync(this.#file) ? readFileSync(this.#file, 'utf8') : '';
    rmSync(this.#file, { force: true });
    console.log(closingLine(log));
  }
}

export function closingLine(log: string): string {
  const starts = log.split('\n').filter((line) => line !== '');
  const count = (kind: string) => starts.filter((line) => line === kind).length;
  return `${starts.length} real servers ran: ${count('redis')} redis, ${count('memcached')} memcached`;
}
