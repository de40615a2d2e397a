/** Tells the user's logger what memjs tells it: calls that failed, and calls in the form of old. */

import type { Logger } from './client-options.js';

export class CallLog {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** The work itself, whose failure has now been heard by somebody. */
  heard<T>(command: string, work: Promise<T>): Promise<T> {
    work.catch((error: unknown) => this.failed(command, error));
    return work;
  }

  failed(command: string, error: unknown): void {
    this.#say(`MemJS ${command}: ${error instanceof Error ? error.message : String(error)}`);
  }

  oldForm(command: string): void {
    this.#say(`MemJS ${command}: using deprecated call - arguments have changed`);
  }

  #say(text: string): void {
    try {
      this.#logger.log(text);
    } catch {
      // A logger's mistake is not the call's.
    }
  }
}
