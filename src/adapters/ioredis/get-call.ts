/** A get of one key that nobody needs a `Command` for: one lives for every get in flight, so its fields are few and plain. */

import type { CacheError } from '../../errors.js';
import type { GetAttempt, GetSink } from '../../node/get-attempt.js';
import { fail } from './reply.js';

export class GetCall implements GetSink {
  private readonly resolve: (value: string | null) => void;
  private readonly reject: (error: Error) => void;
  private readonly key: string;

  constructor(key: string, resolve: (value: string | null) => void, reject: (error: Error) => void) {
    this.key = key;
    this.resolve = resolve;
    this.reject = reject;
  }

  hit(_: GetAttempt, bytes: Buffer, start: number, end: number): void {
    this.resolve(bytes.utf8Slice(start, end));
  }

  missed(): void {
    this.resolve(null);
  }

  failed(_: GetAttempt, error: CacheError): void {
    fail(this.reject, error, { name: 'get', args: [this.key] });
  }
}
