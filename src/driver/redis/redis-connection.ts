/**
 * One connection to a Redis server, over the socket that ioredis has connected, secured and authenticated.
 *
 * ioredis costs about 4 µs a call; this connection speaks RESP2 on the same socket itself for some 0.3 µs, because
 * consecutive gets travel as one MGET and values reach their operation straight from the receive buffer
 * (bench/throughput.js holds the comparison). Replies are matched to operations by order alone, so any doubt about
 * framing destroys the connection.
 */

import { resetSocket } from '../../base/reset-socket.js';
import { CacheError, NodeError } from '../../errors.js';
import type { Connection, Incarnation, Operation } from '../driver.js';
import { encodeBatch } from './encode-batch.js';
import { type Expected, ExpectedReplies } from './expected-replies.js';
import { type KeyLayout, ONE_SERVER } from './key-layout.js';
import { errorOfReply } from './redis-errors.js';
import type { RedisStream } from './redis-stream.js';
import { type Reply, ReplyCollector } from './reply-collector.js';
import { RespEncoder } from './resp-encoder.js';
import { BulkTooLarge, type ReplySink, RespParser } from './resp-parser.js';
import { scanKeys } from './scan.js';
import { settle } from './settle.js';

export class RedisConnection implements Connection, ReplySink {
  id: string | undefined = undefined;
  incarnation: Incarnation | undefined = undefined;
  /** The server's own name for its present life; another after each start. */
  life: string | undefined = undefined;
  readonly maxValueBytes = 512 * 1024 * 1024;
  owed = 0;
  bytesRead = 0;
  isOpen = true;
  onClose: ((error: CacheError) => void) | undefined = undefined;
  onProgress: (() => void) | undefined = undefined;
  /** Called once it is over, by whatever end, when all it owed has failed. Set by the driver. */
  onEnd: (() => void) | undefined = undefined;
  /** Whether an operation that was refused, and is owed no more, is taken elsewhere instead of failing. Set by the driver. */
  onRefused: ((operation: Operation, error: CacheError) => boolean) | undefined = undefined;

  readonly #socket: RedisStream;
  readonly #layout: KeyLayout;
  readonly #encoder = new RespEncoder();
  readonly #parser: RespParser;
  readonly #collector: ReplyCollector;
  #isCollecting = false;
  readonly #expected = new ExpectedReplies();

  constructor(socket: RedisStream, maxReplyBytes: number, layout = ONE_SERVER) {
    const { stream } = socket;
    this.#socket = socket;
    this.#layout = layout;
    this.#parser = new RespParser(this, maxReplyBytes);
    this.#collector = new ReplyCollector(maxReplyBytes);
    stream.on('data', (chunk: Buffer) => this.#receive(chunk));
    stream.on('error', (cause) =>
      this.lose(new NodeError('lost', `the connection failed: ${cause.message}`, { cause })),
    );
    stream.on('close', () => this.lose(new NodeError('lost', 'the server closed the connection')));
  }

  send(operations: readonly Operation[]): void {
    if (!this.isOpen) {
      const error = new NodeError('lost', 'the connection is closed');
      queueMicrotask(() => {
        for (const operation of operations) operation.fail(error);
      });
      return;
    }
    this.owed += operations.length;
    encodeBatch(operations, this.#encoder, this.#expected, this.#layout);
    this.#encoder.writeTo(this.#socket.stream);
  }

  destroy(error: CacheError): void {
    if (!this.isOpen) return;
    this.onClose = undefined;
    this.#end(error);
  }

  keys(prefix: string): AsyncIterable<string[]> {
    return scanKeys(this, prefix, this.#layout);
  }

  /**
   * CLIENT KILL answers 0 for a connection that is gone already, 1 after it has ended it: either way nothing of it runs
   * later. One to another life of the server ended with it; if another server has taken over its address instead, what
   * still arrives there does not reach the data here. Its number may be anybody's by now.
   */
  async ensureGone(id: string): Promise<boolean> {
    const [life, number] = id.split('.');
    if (this.life === undefined || number === undefined) return false;
    if (life !== this.life) return true;
    const reply = await this.ask(['CLIENT', 'KILL', 'ID', number]);
    return typeof reply === 'number';
  }

  /** Sends one command and resolves with its reply; an error reply rejects. */
  ask(words: readonly (string | Buffer)[]): Promise<Reply> {
    return new Promise((done, fail) => {
      this.send([{ kind: 'raw', key: '', words, done: (reply) => done(reply as Reply), fail }]);
    });
  }

  #receive(chunk: Buffer): void {
    this.bytesRead += chunk.length;
    try {
      this.#parser.push(chunk);
    } catch (cause) {
      this.#refute(cause);
      return;
    }
    if (this.isOpen) this.onProgress?.();
  }

  /** The parser cannot go on. A value that is too large concerns the operation that asked for it; the others were merely lost. */
  #refute(cause: unknown): void {
    const expected = this.#expected.first;
    if (cause instanceof BulkTooLarge && expected !== undefined) {
      const error = new CacheError('ERR_VALUE_TOO_LARGE', `${cause.message}, more than is accepted`, { cause });
      const operation = expected.operations[expected.next];
      this.#advance(expected);
      operation?.fail(error);
      this.lose(error, new NodeError('lost', 'given up because of a value too large', { cause: error }));
    } else {
      const text = cause instanceof Error ? cause.message : String(cause);
      this.lose(new NodeError('protocol', `the replies make no sense: ${text}`, { cause }));
    }
  }

  /** As if the server had ended it. `error` is what ended it, `loss` what that means for the operations it owed. */
  lose(error: CacheError, loss = error): void {
    if (!this.isOpen) return;
    const onClose = this.onClose;
    this.#end(loss);
    onClose?.(error);
  }

  #end(error: CacheError): void {
    this.isOpen = false;
    const { socket, stream } = this.#socket;
    resetSocket(socket, stream);
    this.owed = 0;
    for (const operation of this.#expected.drain()) operation.fail(error);
    this.onEnd?.();
  }

  // ReplySink: elements arrive in the order the operations were sent.

  bulk(bytes: Buffer, start: number, end: number): void {
    const expected = this.#current();
    if (expected === undefined) return;
    const operation = expected.operations[expected.next] as Operation;
    if (operation.kind === 'get' && !this.#isCollecting) {
      this.#advance(expected);
      operation.hit(bytes, start, end);
    } else this.#collect(Buffer.from(bytes.subarray(start, end)));
  }

  nil(): void {
    const expected = this.#current();
    if (expected === undefined) return;
    const operation = expected.operations[expected.next] as Operation;
    if (operation.kind === 'get' && !this.#isCollecting) {
      this.#advance(expected);
      operation.miss();
    } else this.#collect(null);
  }

  array(count: number): void {
    const expected = this.#current();
    if (expected === undefined) return;
    if (expected.isMget) {
      if (count !== expected.end - expected.next)
        throw new Error(`an MGET of ${expected.end - expected.next} keys was answered by ${count} values`);
      return;
    }
    this.#gather(expected);
    this.#isCollecting = true;
    this.#finish(this.#collector.beginArray(count));
  }

  integer(value: number): void {
    this.#collect(value);
  }

  status(text: string): void {
    const expected = this.#current();
    if (expected === undefined) return;
    const operation = expected.operations[expected.next] as Operation;
    if (operation.kind === 'store' && !this.#isCollecting) {
      this.#advance(expected);
      operation.done(text === 'OK');
    } else this.#collect(text);
  }

  error(text: string): void {
    const expected = this.#current();
    if (expected === undefined) return;
    if (!expected.isMget) {
      this.#collect(errorOfReply(text));
      return;
    }
    const error = errorOfReply(text);
    while (expected.next < expected.end) {
      const operation = expected.operations[expected.next] as Operation;
      this.#advance(expected);
      if (this.onRefused?.(operation, error) !== true) operation.fail(error);
    }
  }

  #collect(element: Reply): void {
    const expected = this.#current();
    if (expected === undefined) return;
    this.#gather(expected);
    this.#finish(this.#collector.add(element));
  }

  /** The replies of an operation of several commands are collected as the items of one. */
  #gather({ operations, next }: Expected): void {
    const operation = operations[next];
    if (this.#isCollecting || operation?.kind !== 'raw' || operation.followers === undefined) return;
    this.#isCollecting = true;
    this.#collector.beginArray(operation.followers.length + 1);
  }

  #finish(reply: Reply | undefined): void {
    if (reply === undefined) return;
    this.#isCollecting = false;
    const expected = this.#current();
    if (expected === undefined) return;
    const operation = expected.operations[expected.next] as Operation;
    this.#advance(expected);
    if (!(reply instanceof CacheError && this.onRefused?.(operation, reply) === true)) settle(operation, reply);
  }

  #current(): Expected | undefined {
    const expected = this.#expected.first;
    if (expected === undefined && this.isOpen) throw new Error('a reply that nothing asked for');
    return expected;
  }

  #advance(expected: Expected): void {
    this.owed--;
    this.#expected.advance(expected);
  }
}
