/** One command of ioredis on its way to one node. */

import type { Command } from 'ioredis';
import type { CacheError } from '../../errors.js';
import type { AttemptSink } from '../../node/attempts.js';
import type { Asker } from './fleet.js';
import { fail, settle } from './reply.js';

/** Settles the command with whatever becomes of it. */
export class CommandCall implements AttemptSink<unknown>, Asker {
  readonly #command: Command;

  constructor(command: Command) {
    this.#command = command;
  }

  replied(reply: unknown): void {
    settle(this.#command, reply);
  }

  answered(_: unknown, reply: unknown): void {
    settle(this.#command, reply);
  }

  failed(first: unknown, error?: CacheError): void {
    fail(this.#command.reject, error ?? (first as CacheError), this.#command);
  }

  answeredLate(): void {}

  failedLate(): void {}
}
