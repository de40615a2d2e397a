/**
 * One master of a cluster, as a connection to the whole cluster sees it: its connection, while there is one, and the
 * numbers of the operations that it owes, oldest first.
 */

import { NodeError } from '../../../errors.js';
import type { Address, Operation } from '../../driver.js';
import type { RedisConnection } from '../redis-connection.js';
import type { Reply } from '../reply-collector.js';

/** Number of what is asked beside the operations of the cluster's owner. */
const NONE = Number.POSITIVE_INFINITY;

/** Numbers of what was settled are dropped so many at a time. */
const DROP_AT = 1_024;

const ASKING: Operation = {
  kind: 'raw',
  key: '',
  words: ['ASKING'],
  done: () => undefined,
  fail: () => undefined,
};

export class Shard {
  readonly address: Address;
  /** Its name in the cluster; `undefined` until it is known. */
  nodeId: string | undefined = undefined;
  /** The life that the incarnation of the cluster was told with. */
  life: string | undefined = undefined;
  /** Being connected to for the first time: what is for it waits. */
  isOpening = false;
  connection: RedisConnection | undefined = undefined;
  /** Bytes received by its former connections. */
  pastBytes = 0;
  readonly #numbers: number[] = [];
  #head = 0;
  #outgoing: Operation[] = [];
  /** Operations ever handed to the present connection, and those of them whose numbers were dropped. */
  #sent = 0;
  #dropped = 0;
  /** Operations that the present connection was relieved of without settling them. */
  #taken = 0;

  constructor(address: Address, nodeId: string | undefined, life: string | undefined) {
    this.address = address;
    this.nodeId = nodeId;
    this.life = life;
  }

  get isOpen(): boolean {
    return this.connection?.isOpen === true;
  }

  get bytesRead(): number {
    return this.pastBytes + (this.connection?.bytesRead ?? 0);
  }

  /** How many operations were ever handed to the present connection. */
  get sent(): number {
    return this.#sent + this.#outgoing.length;
  }

  /** How many of them are off the wire. */
  get settled(): number {
    return this.#sent - (this.connection?.owed ?? 0);
  }

  /** Number of the oldest operation it owes. */
  get oldest(): number {
    return this.#numbers[this.#head] ?? NONE;
  }

  /** To be sent with the next `flush`. */
  take(operation: Operation, number: number): void {
    this.#outgoing.push(operation);
    this.#numbers.push(number);
  }

  /** The same for one whose slot is about to come here. */
  takeAsking(operation: Operation, number: number): void {
    this.take(ASKING, NONE);
    this.take(operation, number);
  }

  flush(): void {
    if (this.#outgoing.length === 0) return;
    const operations = this.#outgoing;
    this.#outgoing = [];
    this.#sent += operations.length;
    this.connection?.send(operations);
  }

  /** Asks something of the server itself. */
  ask(words: readonly string[]): Promise<Reply> {
    return new Promise((done, fail) => {
      if (!this.isOpen) fail(new NodeError('lost', 'a server of the cluster is not connected'));
      else {
        this.take({ kind: 'raw', key: '', words, done: (reply) => done(reply as Reply), fail }, NONE);
        this.flush();
      }
    });
  }

  /** Number of the operation that came off the wire last. */
  get latest(): number {
    return this.#numbers[this.#head + this.settled - 1 - this.#dropped] ?? NONE;
  }

  /** That operation is settled elsewhere. */
  relieve(): void {
    this.#taken++;
  }

  /** Drops the numbers of what is off the wire; answers how many of those were settled here. */
  trim(dropped: (number: number) => void): number {
    let settled = -this.#taken;
    this.#taken = 0;
    for (let left = this.settled - this.#dropped; left > 0; left--) {
      const number = this.#numbers[this.#head++] as number;
      this.#dropped++;
      dropped(number);
      if (number !== NONE) settled++;
    }
    if (this.#head === this.#numbers.length) {
      this.#numbers.length = 0;
      this.#head = 0;
    } else if (this.#head >= DROP_AT) {
      this.#numbers.splice(0, this.#head);
      this.#head = 0;
    }
    return settled;
  }

  attach(connection: RedisConnection): void {
    this.isOpening = false;
    this.connection = connection;
    this.#sent = 0;
    this.#dropped = 0;
    this.#taken = 0;
  }

  /** Its connection has ended, and has settled all it owed; answers how many operations that were. */
  detach(dropped: (number: number) => void): number {
    const owed = this.#numbers.slice(this.#head).filter((number) => number !== NONE);
    this.pastBytes += this.connection?.bytesRead ?? 0;
    this.connection = undefined;
    for (const number of owed) dropped(number);
    this.#numbers.length = 0;
    this.#head = 0;
    this.#outgoing = [];
    return owed.length;
  }
}
