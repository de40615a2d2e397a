/**
 * The nodes as the commands see them: who owns a key, and a way to it.
 *
 * Data is pinned: the owner is that of the placement, whatever the health of the nodes, and a command is sent once, to it,
 * or fails. Everything that is not cacheable goes through here, by one connection a node, so that what was issued in an
 * order arrives in it; nothing is written down anywhere, so nothing is ever deleted, copied or sent again.
 */

import type { Command } from 'ioredis';
import type { CacheParts } from '../../cache-parts.js';
import type { Words } from '../../driver/driver.js';
import type { CacheError } from '../../errors.js';
import type { AttemptOrigin, AttemptSink } from '../../node/attempts.js';
import type { CacheNode } from '../../node/cache-node.js';
import type { GetSink } from '../../node/get-attempt.js';
import type { RawManner } from '../../node/raw-attempt.js';
import type { Placement } from '../../ring/placement.js';
import type { PlacementKind } from '../../ring/placements/create-placement.js';
import type { DataTerms } from './data-terms.js';
import { isPrepared } from './script.js';
import { ScriptAttempt } from './script-attempt.js';
import { wordsOf } from './words.js';

/** Whoever waits for a reply; each is called once, possibly before the request is issued. Neither may throw. */
export interface Asker {
  replied(reply: unknown): void;
  failed(error: CacheError): void;
}

/** Other clients' rules that place by the hash tag, as the own ring does. */
const TAGGED: readonly PlacementKind[] = ['go-redis-ring'];
const LANE = 'interactive';
const OF_ONE_KEY: RawManner = { isOfOneKey: true, isPinned: true, takesRefusals: true };
const OF_MANY_KEYS: RawManner = { isPinned: true, takesRefusals: true };

export class Fleet {
  readonly parts: CacheParts;
  readonly #timeoutMs: number;
  readonly #placement: Placement;
  /** By node index of the placement. */
  readonly nodes: readonly CacheNode[];

  /** Whether keys with one hash tag share a node. */
  readonly hashesTags: boolean;
  /** What a user can do whose keys must share a node and do not. */
  readonly cure: string;

  constructor(parts: CacheParts, placement: PlacementKind | undefined, terms: DataTerms) {
    this.parts = parts;
    this.#timeoutMs = terms.deadlineMs;
    this.hashesTags = placement === undefined || TAGGED.includes(placement);
    this.cure = this.hashesTags
      ? 'Keys with one hash tag share a node: {user:1}:name and {user:1}:cart'
      : `Keys share a node by chance alone: placement ${placement} places by the whole key and knows no hash tags`;
    // Members never change, and masks are not for data.
    const { topology } = parts;
    this.#placement = topology.placement;
    this.nodes = topology.nodes;
    for (const { patience } of this.nodes) {
      patience.stallMs = terms.silenceMs;
      patience.absenceMs = terms.absenceMs;
      patience.flowMs = terms.flowMs;
    }
  }

  get first(): CacheNode {
    return this.nodes[0] as CacheNode;
  }

  /** One that answers, if any does. */
  get serving(): CacheNode {
    return this.nodes.find((node) => node.isServing) ?? this.first;
  }

  ownerOf(key: string): CacheNode {
    const placement = this.#placement;
    return this.nodes[placement.primaryOf(placement.hash(key), key)] as CacheNode;
  }

  get(key: string, sink: GetSink): void {
    const placement = this.#placement;
    const hash = placement.hash(key);
    const node = this.nodes[placement.primaryOf(hash, key)] as CacheNode;
    node.get(key, hash, this.#timeoutMs, LANE, sink, true);
  }

  /** A command of one key, sent to its owner. */
  ask(key: string, words: Words, sink: AttemptSink<unknown>): void {
    const placement = this.#placement;
    const hash = placement.hash(key);
    const node = this.nodes[placement.primaryOf(hash, key)] as CacheNode;
    node.raw({ key, hash, timeoutMs: this.#timeoutMs, sink }, LANE, words, OF_ONE_KEY);
  }

  /** A command of whatever keys, or of none, sent to `node`. */
  askNode(node: CacheNode, words: Words, asker: Asker): void {
    this.#ask(node, words, asker, OF_MANY_KEYS);
  }

  /** A command that may be a script of `defineCommand`, sent to `node`. */
  askCommand(node: CacheNode, command: Command, asker: Asker): void {
    if (isPrepared(command)) node.send(new ScriptAttempt(node, this.#origin(asker), [command], false), LANE);
    else this.askNode(node, wordsOf(command), asker);
  }

  /**
   * Commands sent to `node` in one piece. With `isBound` they mean something on the present connection alone: they do not
   * wait for another.
   */
  askAsOne(node: CacheNode, commands: readonly Command[], asker: Asker, isBound: boolean): void {
    if (commands.some(isPrepared)) {
      node.send(new ScriptAttempt(node, this.#origin(asker), commands, isBound), LANE);
      return;
    }
    const [first = [], ...followers] = commands.map(wordsOf);
    this.#ask(node, first, asker, { ...OF_MANY_KEYS, isBound, followers });
  }

  #ask(node: CacheNode, words: Words, asker: Asker, manner: RawManner): void {
    node.raw(this.#origin(asker), LANE, words, manner);
  }

  #origin(asker: Asker): AttemptOrigin<unknown> {
    return { key: '', hash: 0, timeoutMs: this.#timeoutMs, sink: new Reporting(asker) };
  }
}

/** An answer that comes when nobody waits any more is nobody's. */
class Reporting implements AttemptSink<unknown> {
  readonly #asker: Asker;

  constructor(asker: Asker) {
    this.#asker = asker;
  }

  answered(_: unknown, reply: unknown): void {
    this.#asker.replied(reply);
  }

  failed(_: unknown, error: CacheError): void {
    this.#asker.failed(error);
  }

  answeredLate(): void {}

  failedLate(): void {}
}
