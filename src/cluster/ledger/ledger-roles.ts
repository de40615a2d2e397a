/**
 * What others ask of a ledger, by who asks. `Ledger` answers from this process's memory; nothing here says so, and a
 * ledger kept by the surviving nodes could stand behind the same four roles.
 *
 * Everywhere: `hash` is the xxh32 of the whole key as it goes over the wire, signed or unsigned, `key` that key, `node` the
 * number its node has for life, `place` what the placement hashes the key to where that is not `hash` (keys with a tag),
 * unsigned. Stamps come from
 * `HybridClock`; each stamp passed is above all issued before, and belongs to one write of one key.
 *
 * What the ledger relies on: operations on one key at one node keep their order (rule R1), reads included; every write
 * that is issued ends, at every owner, by `confirm` or `owe`; and a node that was passed over is owed, or announced
 * by `tookOver` before it is read.
 */

import type { Arc } from '../../ring/arcs.js';
import type { ConnectionName, LedgerKey } from './connection-debts.js';
import type { Distrust } from './judge.js';
import type { LedgerStats } from './ledger-stats.js';
import type { Payment } from './payments.js';

/** For readers, and for writes that build on what is stored. Judgements are synchronous and allocate nothing. */
export interface ReadJudge {
  /** Nothing is known against any copy: whoever sees this need not ask on. */
  readonly isQuiet: boolean;
  /** Nothing at all is known against `node`: what single writes have to say is said when a copy is judged. */
  isClean(node: number): boolean;
  /**
   * Whether a copy that `node` answered counts, asked when the answer arrives.
   * @param stamp of the envelope; -1 for a copy without
   */
  trusts(node: number, hash: number, key: string, stamp: number, clientId: number, place?: number): boolean;
  /**
   * Whether `node` may hold an older copy of the key, asked before sending: raw reads go elsewhere, conditional writes
   * delete first (`'key'`, `'fence'`) or cannot be told (`'connection'`) (rule R8).
   */
  isDistrusted(node: number, hash: number, key: string, place?: number): Distrust;
}

/** For writers. */
export interface WriteLog {
  /**
   * The delete of this stamp did not get to everybody who may hold the key, and copies of it carry no stamps: other
   * processes may copy what the one still holds to another, who confirmed. No copy counts until the key is written again.
   */
  renounce(hash: number, stamp: number): void;
  /**
   * A write or delete of the key is issued, before anything is sent: no older copy counts from here on.
   * @param owners to whom it will be sent, each of whom must then `confirm` or be owed. Without them nothing tells an
   *   owner with the write on its way from a node that never heard of it: conditional writes trust both, and raw copies
   *   of the key's bucket no longer count once floors are evicted.
   */
  issue(hash: number, key: string, stamp: number, owners?: readonly { readonly slot: number }[]): void;
  /** `node` took the write, or a delete in its place: it holds nothing older than `stamp`. Pays a key debt if no newer write was issued. */
  confirm(hash: number, key: string, stamp: number, node: number): void;
  /** A trusted copy, stamped `stamp` (-1 if raw), was added where there was none, and the key not written since it was read. */
  copied(hash: number, key: string, stamp: number, node: number): void;
  /**
   * A write could not be confirmed at `node`, or was kept from it.
   * @param stamp of that write; lets a late failure of an overtaken write pass. Default: the last one issued
   */
  owe(hash: number, key: string, node: number, stamp?: number): void;
  /** Writes of `keys` were unanswered on a connection when we gave it up; to be called beside `owe`. */
  abandon(node: number, connection: ConnectionName, keys: readonly LedgerKey[]): void;
}

/** For whoever watches nodes and changes the ring. */
export interface NodeNews {
  /** The nodes of the first topology, before anything is issued: no write of this process can have passed them by. */
  startWith(nodes: Iterable<number>): void;
  /** The node lives a new life, seen at first contact, before any of its answers is used. */
  incarnationChanged(node: number, isProvenEmpty: boolean, stamp: number): void;
  /** The node begins to own arcs in which it was not owed what was written meanwhile: as a stand-in, or newly added. */
  tookOver(node: number, stamp: number): void;
  /** The node no longer owns these arcs and keeps its copies; once no hand-off reads from it any more. */
  arcsLost(node: number, epoch: number, arcs: Iterable<Arc>): void;
  /** Arcs lost by this node are its own again. */
  arcsBack(node: number, stamp: number): void;
  /** A migration deleted what the change of `epoch` had left on the node. */
  arcsPaid(node: number, epoch: number): void;
  /** No copy stamped below `stamp` counts on this node, of any key. Raw copies count only if confirmed later. */
  fence(node: number, stamp: number): void;
  /** The same for one bucket of 4,096. */
  fenceBucket(node: number, bucket: number, stamp: number): void;
  /** The node is gone for good and its number free; nothing of it will ever be read again. */
  forgetNode(node: number): void;
}

/** What an enumeration found standing when it began. */
export interface EnumerationMark {
  readonly stamp: number;
  readonly debt: number;
}

/** For whoever pays (rule R5). */
export interface DebtBook {
  /** Keys to delete at `node`, longest waiting first. Each must come back by `paid` or `unpaid`. */
  takeForPayment(node: number, max: number): Payment[];
  /** The same for a delete that the caller sends on its own account, as conditional writes do; need not come back. */
  paymentFor(node: number, hash: number, key: string): Payment;
  paid(payment: Payment): void;
  unpaid(payment: Payment): void;
  /** Keys distrusted at `node`, whether or not they are remembered for payment. */
  keyDebts(node: number): number;
  /** Whether there is anything to pay, to make sure of or to settle at `node`: payers keep at it while there is. */
  owes(node: number): boolean;
  /** Whether debts or fences stand that only enumeration can pay. */
  needsEnumeration(node: number): boolean;
  /** To be asked for before an enumeration begins. */
  enumerationMark(node: number): EnumerationMark;
  /** Every key of ours was deleted from the node, or from one bucket of it, since the mark: what stood then is paid. */
  lift(node: number, mark: EnumerationMark, bucket?: number): void;
  /** Connections by name of which somebody should make sure that they are gone. */
  abandonedConnections(node: number): ConnectionName[];
  connectionGone(node: number, connection: ConnectionName): void;
  /** The node has no way to tell whether it is gone: the settling time decides. */
  cannotTell(node: number, connection: ConnectionName): void;
  /** A connection opened at `openedAt` (monotonic) was answered for the first time. */
  firstReplySeen(node: number, openedAt: number): void;
  /** Ends what has settled. To be called now and then. */
  settle(): void;
  stats(): LedgerStats;
}
