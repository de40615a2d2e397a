/** Commands in one piece of which some are scripts: their words are made when they are sent, for the connection they go by. */

import type { Command } from 'ioredis';
import type { RawOperation, Words } from '../../driver/driver.js';
import { Attempt, type AttemptOrigin } from '../../node/attempts.js';
import type { CacheNode } from '../../node/cache-node.js';
import { memoryOf, prepare } from './script.js';
import { wordsOf } from './words.js';

export class ScriptAttempt extends Attempt<unknown> implements RawOperation {
  readonly kind = 'raw';
  readonly isPinned = true;
  readonly takesRefusals = true;
  readonly isOfOneKey = false;
  readonly isBound: boolean;
  /** As many always; what they say is settled by `words`. */
  followers: readonly Words[] | undefined;
  private readonly commands: readonly Command[];
  private readonly connectionOf: CacheNode;
  /** The same before and after it is sent. */
  private readonly wordBytes: number;

  constructor(node: CacheNode, origin: AttemptOrigin<unknown>, commands: readonly Command[], isBound: boolean) {
    super(node, origin);
    this.connectionOf = node;
    this.commands = commands;
    this.isBound = isBound;
    const all = commands.map(wordsOf);
    this.followers = all.length > 1 ? all.slice(1) : undefined;
    this.wordBytes = all.flat().reduce((bytes, { length }) => bytes + length, 0);
  }

  override get heldBytes(): number {
    return this.wordBytes;
  }

  /** Read once, by the connection that sends it. */
  get words(): Words {
    // What depends on watched keys may be dropped by the server, and what it has not run it does not know.
    const memory = memoryOf(this.isBound ? undefined : this.connectionOf.connection);
    for (const command of this.commands) prepare(command, memory);
    const [first = [], ...followers] = this.commands.map(wordsOf);
    if (this.followers !== undefined) this.followers = followers;
    return first;
  }
}
