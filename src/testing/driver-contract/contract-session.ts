/**
 * What one case of the driver contract works with: connections that are given up afterwards, keys of its own, time.
 */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Capabilities, Connection } from '../../driver/driver.js';
import { CacheError } from '../../errors.js';
import { PromisedConnection } from '../promised-connection.js';
import type { DriverContractOptions, DriverSubject } from './contract-case.js';
import { SettlementLog } from './settlement-log.js';

const POLL_MS = 10;

export class ContractSession {
  readonly subject: DriverSubject;
  readonly options: DriverContractOptions;
  /** Begins every key of this case, and no other. */
  readonly prefix = `c:${randomBytes(6).toString('hex')}:`;
  readonly #connections: Connection[] = [];

  private constructor(subject: DriverSubject, options: DriverContractOptions) {
    this.subject = subject;
    this.options = options;
  }

  static async open(options: DriverContractOptions): Promise<ContractSession> {
    return new ContractSession(await options.create(), options);
  }

  get capabilities(): Capabilities {
    return this.subject.driver.capabilities;
  }

  key(name: string): string {
    return this.prefix + name;
  }

  async connect(): Promise<PromisedConnection> {
    const connection = await this.subject.driver.connect({ signal: new AbortController().signal });
    this.#connections.push(connection);
    return new PromisedConnection(connection);
  }

  log(connection: Connection): SettlementLog {
    return new SettlementLog(connection, this.options.order);
  }

  async restart(): Promise<void> {
    assert(this.subject.restart !== undefined, '`create` must give a `restart`, or `lacks` name it');
    await this.subject.restart();
  }

  wait(ms: number): Promise<void> {
    return this.options.wait?.(ms) ?? sleep(ms);
  }

  /** Waits until `isTrue`, in the node's time; fails with `message` after `limitMs`. */
  async until(isTrue: () => boolean | Promise<boolean>, limitMs: number, message: string): Promise<void> {
    for (let waited = 0; !(await isTrue()); waited += POLL_MS) {
      assert(waited < limitMs, `${message} (waited ${limitMs} ms)`);
      await this.wait(POLL_MS);
    }
  }

  async close(): Promise<void> {
    for (const connection of this.#connections) connection.destroy(new CacheError('ERR_CLOSED', 'the case is over'));
    await this.subject.stop();
  }
}

/** The error that `outcome` rejects with; it must be one of ours. */
export async function failureOf(outcome: Promise<unknown>): Promise<CacheError> {
  const error: unknown = await outcome.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert(error instanceof CacheError, `expected a CacheError, got ${String(error)}`);
  return error;
}

/** Bytes that differ from their neighbours and from those of another seed. */
export function patternedBytes(length: number, seed = 0): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 167 + (i >>> 8) * 13 + seed) & 0xff;
  return bytes;
}
