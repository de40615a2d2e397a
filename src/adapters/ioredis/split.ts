/**
 * Commands whose keys may lie on several nodes: dealt out to the owners, answered as one, in the order of the keys.
 *
 * What goes to one node is one command there; the whole is not indivisible. Where a node fails the command fails, and the
 * other nodes have done their part.
 */

import type { Command } from 'ioredis';
import type { Words } from '../../driver/driver.js';
import type { CacheNode } from '../../node/cache-node.js';
import type { CacheableCommands } from './cacheable-commands.js';
import { CommandCall } from './command-call.js';
import type { Asker, Fleet } from './fleet.js';
import { Gather } from './gather.js';
import { argumentsOf, keyText, nameOf, wordsOf } from './words.js';

/** What one node is asked for: positions of its keys among all keys. */
interface Share {
  /** None for keys that the cache looks after. */
  readonly node: CacheNode | undefined;
  readonly places: number[];
}

export function split(fleet: Fleet, command: Command, cacheable: CacheableCommands | undefined): void {
  const words = argumentsOf(command);
  const step = nameOf(command) === 'mset' ? 2 : 1;
  const shares = words.length === 0 || words.length % step !== 0 ? [] : sharesOf(fleet, words, step, cacheable);
  const call = new CommandCall(command);
  const [first] = shares;
  if (shares.length <= 1 && (first === undefined || first.node !== undefined)) {
    const key = words[0];
    // Malformed ones are answered by a node, in its own words.
    if (words.length === step && key !== undefined) fleet.ask(keyText(key), wordsOf(command), call);
    else fleet.askNode(first?.node ?? fleet.ownerOf(keyText(key ?? '')), wordsOf(command), call);
    return;
  }
  const gather = new Gather(shares.length, new Joined(nameOf(command), shares, words.length, call));
  for (const [i, { node, places }] of shares.entries()) {
    const part = places.flatMap((at) => words.slice(at, at + step));
    if (node === undefined) cacheable?.ask(nameOf(command), part, gather.part(i));
    else fleet.askNode(node, [command.name, ...part], gather.part(i));
  }
}

function sharesOf(fleet: Fleet, words: Words, step: number, cacheable: CacheableCommands | undefined): Share[] {
  const shares = new Map<CacheNode | undefined, number[]>();
  for (let at = 0; at < words.length; at += step) {
    const key = words[at] as string | Buffer;
    const node = cacheable?.has(key) === true ? undefined : fleet.ownerOf(keyText(key));
    const places = shares.get(node);
    if (places === undefined) shares.set(node, [at]);
    else places.push(at);
  }
  return [...shares].map(([node, places]) => ({ node, places }));
}

class Joined implements Asker {
  readonly #name: string;
  readonly #shares: readonly Share[];
  readonly #count: number;
  readonly #call: Asker;

  constructor(name: string, shares: readonly Share[], count: number, call: Asker) {
    this.#name = name;
    this.#shares = shares;
    this.#count = count;
    this.#call = call;
  }

  replied(reply: unknown): void {
    this.#call.replied(Array.isArray(reply) ? this.#join(reply) : reply);
  }

  failed(error: Parameters<Asker['failed']>[0]): void {
    this.#call.failed(error);
  }

  #join(replies: readonly unknown[]): unknown {
    if (this.#name === 'mset') return 'OK';
    if (this.#name !== 'mget') return replies.reduce<number>((sum, count) => sum + Number(count), 0);
    const values = new Array<unknown>(this.#count).fill(null);
    for (const [i, { places }] of this.#shares.entries()) {
      const share = replies[i];
      if (Array.isArray(share)) for (const [j, at] of places.entries()) values[at] = share[j];
    }
    return values;
  }
}
