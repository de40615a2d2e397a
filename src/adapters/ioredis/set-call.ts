/** A SET of one key, whatever its options, without a `Command`: as `GetCall`. */

import type { CacheError } from '../../errors.js';
import type { AttemptSink } from '../../node/attempts.js';
import { fail } from './reply.js';

export class SetCall implements AttemptSink<unknown> {
  private readonly words: readonly (string | Buffer)[];
  private readonly resolve: (value: unknown) => void;
  private readonly reject: (error: Error) => void;

  constructor(words: readonly (string | Buffer)[], resolve: (value: unknown) => void, reject: (error: Error) => void) {
    this.words = words;
    this.resolve = resolve;
    this.reject = reject;
  }

  answered(_: unknown, reply: unknown): void {
    if (reply instanceof Error) this.failed(_, reply);
    // With the option GET it is the value that was there.
    else this.resolve(Buffer.isBuffer(reply) ? reply.toString() : reply);
  }

  failed(_: unknown, error: CacheError | Error): void {
    fail(this.reject, error, { name: 'set', args: this.words.slice(1) });
  }

  answeredLate(): void {}

  failedLate(): void {}
}
