/** The two sides of the comparison: the client under test over three real nodes, and ioredis over one server. */

import { isDeepStrictEqual } from 'node:util';
import { Redis as Ioredis } from 'ioredis';
import { startRedis } from '../../../src/testing/servers/redis-server.js';
import { type CommandEntry, readCommandTable } from './command-table.js';
import { type Form, nameOf } from './oracle-arguments.js';
import { type Client, comparable, invoke, type Outcome } from './oracle-call.js';
import { openSubject } from './oracle-subject.js';
import { seed } from './oracle-world.js';

/** Where the two sides ended differently. */
export interface Difference {
  readonly what: string;
  readonly subject: unknown;
  readonly oracle: unknown;
}

export class Sides {
  readonly subject: Client;
  readonly oracle: Client;
  /**
   * The same in RESP2, as the façade speaks it. ioredis brings answers of RESP3 into the old shape by the name in lower
   * case: those to names in upper case keep shapes that only RESP3 has.
   */
  readonly oracle2: Client;
  readonly table: ReadonlyMap<string, CommandEntry>;
  readonly #close: () => Promise<void>;
  #tags = 0;

  private constructor(
    subject: Client,
    oracles: readonly [Client, Client],
    table: Sides['table'],
    close: () => Promise<void>,
  ) {
    this.subject = subject;
    [this.oracle, this.oracle2] = oracles;
    this.table = table;
    this.#close = close;
  }

  static async open(): Promise<Sides> {
    const servers = await Promise.all(Array.from({ length: 4 }, () => startRedis()));
    const [own, ...nodes] = servers;
    if (own === undefined) throw new Error('a server for the oracle');
    const oracle = new Ioredis(own.port, own.host);
    const oracle2 = new Ioredis(own.port, own.host, { protocol: 2 });
    const subject = await openSubject(nodes);
    const table = readCommandTable(await invoke(oracle, 'command', []));
    return new Sides(subject.client, [oracle, oracle2], table, async () => {
      oracle.disconnect();
      oracle2.disconnect();
      await subject.close();
      await Promise.all(servers.map((server) => server.stop()));
    });
  }

  close(): Promise<void> {
    return this.#close();
  }

  both<T>(ask: (client: Client) => Promise<T>, oracle = this.oracle): Promise<readonly [T, T]> {
    return Promise.all([ask(this.subject), ask(oracle)]);
  }

  newTag(): string {
    this.#tags += 1;
    return `t${this.#tags}`;
  }

  /** A world of its own on each side, and its tag. */
  async freshWorld(): Promise<string> {
    const tag = this.newTag();
    await this.both((client) => seed(client, tag));
    return tag;
  }

  entryOf(form: Form): CommandEntry {
    const entry = this.table.get(nameOf(form, (name) => this.table.has(name)));
    if (entry === undefined) throw new Error(`${form.command} is not in the table of this server`);
    return entry;
  }

  compareOutcomes(what: string, entry: CommandEntry | undefined, outcomes: readonly [Outcome, Outcome]): Difference[] {
    const how = entry ?? { isRandom: false, isUnordered: false };
    return compare(what, [comparable(outcomes[0], how), comparable(outcomes[1], how)]);
  }
}

/** Exactly, and byte for byte. */
export function compare(what: string, [subject, oracle]: readonly [unknown, unknown]): Difference[] {
  const plain = { isRandom: false, isUnordered: false };
  const [mine, theirs] = [comparable(subject, plain), comparable(oracle, plain)];
  return isDeepStrictEqual(mine, theirs) ? [] : [{ what, subject: mine, oracle: theirs }];
}
