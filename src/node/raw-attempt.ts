/** A command in the server's own words tried at one node. */

import type { RawOperation, Words } from '../driver/driver.js';
import type { AttemptNode, AttemptState } from './attempt-state.js';
import { Attempt, type AttemptOrigin } from './attempts.js';

/** How a raw command is sent, and what of it its caller wants to hear. */
export type RawManner = Pick<
  RawOperation & AttemptState,
  'followers' | 'takesRefusals' | 'isOfOneKey' | 'isPinned' | 'isBound'
>;

export const PLAIN: RawManner = {};

export class RawAttempt extends Attempt<unknown> implements RawOperation {
  readonly kind = 'raw';
  readonly words: Words;
  readonly followers: readonly Words[] | undefined;
  readonly takesRefusals: boolean;
  readonly isOfOneKey: boolean;
  readonly isPinned: boolean;
  readonly isBound: boolean;
  private readonly wordBytes: number;

  constructor(node: AttemptNode, origin: AttemptOrigin<unknown>, words: Words, manner: RawManner) {
    super(node, origin);
    this.words = words;
    this.followers = manner.followers;
    this.takesRefusals = manner.takesRefusals === true;
    this.isOfOneKey = manner.isOfOneKey === true;
    this.isPinned = manner.isPinned === true;
    this.isBound = manner.isBound === true;
    let bytes = bytesOf(words);
    for (const follower of manner.followers ?? []) bytes += bytesOf(follower);
    this.wordBytes = bytes;
  }

  override get heldBytes(): number {
    return this.wordBytes;
  }
}

function bytesOf(words: Words): number {
  let bytes = 0;
  for (let i = 0; i < words.length; i++) bytes += (words[i] as string | Buffer).length;
  return bytes;
}
