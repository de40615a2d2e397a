/** A set of one key and its value, and nothing else: as `GetCall`, without a `Command`. */

import type { CacheError } from '../../errors.js';
import type { AttemptSink } from '../../node/attempts.js';
import { asReplyError } from './reply.js';

export class SetCall implements AttemptSink<unknown> {
  private readonly args: (string | Buffer)[];
  private readonly resolve: (value: 'OK') => void;
  private readonly reject: (error: Error) => void;

  constructor(args: (string | Buffer)[], resolve: (value: 'OK') => void, reject: (error: Error) => void) {
    this.args = args;
    this.resolve = resolve;
    this.reject = reject;
  }

  answered(_: unknown, reply: unknown): void {
    if (reply instanceof Error) this.reject(asReplyError(reply, { name: 'set', args: this.args }));
    else this.resolve('OK');
  }

  failed(_: unknown, error: CacheError): void {
    this.reject(asReplyError(error, { name: 'set', args: this.args }));
  }

  answeredLate(): void {}

  failedLate(): void {}
}
