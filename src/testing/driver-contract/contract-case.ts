/**
 * The words of the driver contract: what a driver's author provides, and what comes back to be run.
 */

import type { Driver } from '../../driver/driver.js';

/** A driver and the node behind it, as one case uses them. */
export interface DriverSubject {
  readonly driver: Driver;
  /** Restarts the node without its data, which cuts every connection; resolves once it serves again. */
  restart?(): Promise<void>;
  /** Gives up what was made for this case. */
  stop(): Promise<void>;
}

/** What a driver may lack: abilities of the port, or of the node it is tested against. */
export type Ability = 'compareAndSet' | 'enumeration' | 'raw' | 'leases' | 'incarnation' | 'restart';

export interface DriverContractOptions {
  /** Names the driver in titles. */
  readonly name: string;
  /** Called for each case. Cases keep to keys of their own, so all of them may share one node, one after another. */
  create(): Promise<DriverSubject>;
  /** Abilities not claimed: their cases are left out, and prove instead that the driver says so. @default none */
  readonly lacks?: readonly Ability[] | undefined;
  /** A harmless command of the node's protocol and its reply; needed unless `raw` is lacking. */
  readonly ping?: { readonly words: readonly string[]; isPong(reply: unknown): boolean } | undefined;
  /**
   * What keeps the order sent: all operations of a connection, or those on one key, where a node is several servers, each
   * with a connection of its own. @default 'connection'
   */
  readonly order?: 'connection' | 'key' | undefined;
  /** Lets time pass for the node, where its clock is not the real one. */
  readonly wait?: ((ms: number) => Promise<void>) | undefined;
}

/** One sentence of the contract, for any test runner: `for (const { title, run } of cases) test(title, run)`. */
export interface ContractCase {
  readonly title: string;
  /** The ability that is lacking, if that is why the case proves no more than the lack. */
  readonly leftOut: Ability | undefined;
  /** Rejects with an assertion error where the driver breaks the contract. */
  run(): Promise<void>;
}
