/** A driver whose reads of whole entries can be held back on their way home: a copy is then stuck between look and store. */

import type { Connection, Driver, InspectOperation, Operation } from '../../src/driver/driver.js';
import { MutantConnection } from '../contract/mutants/mutant-connection.js';

export class Gate {
  readonly #waiting: (() => void)[] = [];
  #isShut = false;
  /** Reads held back so far. */
  held = 0;

  shut(): void {
    this.#isShut = true;
  }

  open(): void {
    this.#isShut = false;
    for (const pass of this.#waiting.splice(0)) pass();
  }

  /** The same driver behind the gate. */
  guard(driver: Driver): Driver {
    return {
      kind: driver.kind,
      capabilities: driver.capabilities,
      connect: async (options): Promise<Connection> =>
        new MutantConnection(await driver.connect(options), {
          operation: (operation: Operation) => (operation.kind === 'inspect' ? this.#guarded(operation) : operation),
        }),
    };
  }

  #guarded(operation: InspectOperation): Operation {
    const pass = (task: () => void): void => {
      if (!this.#isShut) task();
      else {
        this.held++;
        this.#waiting.push(task);
      }
    };
    return {
      kind: 'inspect',
      key: operation.key,
      withValue: operation.withValue,
      found: (entry) => pass(() => operation.found(entry)),
      miss: () => pass(() => operation.miss()),
      fail: (error) => operation.fail(error),
    };
  }
}
