/** Takes every command that ioredis has made, finds where it belongs (`routeOf`), and sees that it is settled there. */

import type { Command } from 'ioredis';
import type { CacheableCommands } from './cacheable-commands.js';
import { CommandCall } from './command-call.js';
import { commonOwner, refusedError, refuseLoosePatterns } from './cross-node.js';
import type { Dedicated } from './dedicated.js';
import { askEveryNode, randomKey, scan } from './every-node.js';
import type { Fleet } from './fleet.js';
import { fail } from './reply.js';
import { type Route, routeOf } from './routes.js';
import { split } from './split.js';
import { Transactions } from './transactions.js';
import { argumentsOf, isScript, isSort, keysOf, keyText, nameOf, wordsOf } from './words.js';

export class CommandRouter {
  readonly #fleet: Fleet;
  readonly #dedicated: Dedicated;
  readonly #cacheable: CacheableCommands | undefined;
  readonly #transactions: Transactions;

  constructor(fleet: Fleet, dedicated: Dedicated, cacheable: CacheableCommands | undefined) {
    this.#fleet = fleet;
    this.#dedicated = dedicated;
    this.#cacheable = cacheable;
    this.#transactions = new Transactions(fleet, cacheable);
  }

  /** No transaction is being gathered, so a command may be sent for itself. */
  get isFree(): boolean {
    return !this.#transactions.isOpen;
  }

  /** Settles the command sooner or later. @param pipeline tells the commands of one pipeline from others */
  send(command: Command, pipeline: object | undefined): void {
    try {
      const route = routeOf(command);
      if (!this.#transactions.takes(command, route, pipeline)) this.#go(command, route);
    } catch (error) {
      fail(command.reject, error as Error);
    }
  }

  #go(command: Command, route: Route): void {
    const fleet = this.#fleet;
    switch (route) {
      case 'keys':
        this.#toOwner(command);
        break;
      case 'split':
        split(fleet, command, this.#cacheable);
        break;
      case 'every':
        if (/^flush(db|all)$/.test(nameOf(command))) this.#cacheable?.forgetAll();
        askEveryNode(fleet, command, this.#cacheable !== undefined);
        break;
      case 'any':
        fleet.askNode(fleet.serving, wordsOf(command), new CommandCall(command));
        break;
      case 'first':
        fleet.askCommand(fleet.first, command, new CommandCall(command));
        break;
      case 'scan':
        scan(fleet, command, this.#cacheable !== undefined);
        break;
      case 'randomkey':
        randomKey(fleet, command, fleet.parts.random);
        break;
      case 'publish':
        fleet.askNode(
          fleet.ownerOf(keyText(argumentsOf(command)[0] ?? '')),
          wordsOf(command),
          new CommandCall(command),
        );
        break;
      case 'blocking':
        this.#cacheable?.refuse(nameOf(command), keysOf(command));
        this.#dedicated.block(command);
        break;
      case 'subscription':
        this.#dedicated.subscription(command);
        break;
      default:
        throw refusedError(command);
    }
  }

  #toOwner(command: Command): void {
    const fleet = this.#fleet;
    const cacheable = this.#cacheable;
    const name = nameOf(command);
    let keys = keysOf(command);
    // Of a command that is in no table, or is not complete, the first argument is most likely the key.
    if (keys.length === 0) keys = [argumentsOf(command)[0] ?? ''];
    const call = new CommandCall(command);
    const [key = ''] = keys;
    const isOfOneKey = keys.length === 1 && !isScript(command);
    if (isSort(command)) refuseLoosePatterns(fleet, command);
    if (cacheable !== undefined) {
      if (isOfOneKey && cacheable.knows(name) && cacheable.has(key)) {
        cacheable.ask(name, argumentsOf(command), call);
        return;
      }
      cacheable.refuse(name, keys);
    }
    if (isOfOneKey) {
      fleet.ask(keyText(key), wordsOf(command), call);
      return;
    }
    // A script may touch keys beside those that it names: like commands of several keys it keeps its place towards all.
    fleet.askCommand(commonOwner(fleet, name, keys), command, call);
  }
}
