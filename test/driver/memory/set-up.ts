/** A node under a clock of its own, with a way to connect to it. */

import { createMemoryDriver } from '../../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../../src/driver/memory/memory-node.js';
import { CacheError } from '../../../src/errors.js';
import { FakeClock } from '../../../src/testing/fake-clock.js';
import { PromisedConnection } from '../../../src/testing/promised-connection.js';

export function setUp(options: Partial<ConstructorParameters<typeof MemoryNode>[0]> = {}) {
  const clock = new FakeClock();
  const node = new MemoryNode({ name: 'a', clock, ...options });
  const driver = createMemoryDriver({ name: 'a', store: node });
  const connect = async () => new PromisedConnection(await driver.connect({ signal: new AbortController().signal }));
  return { clock, node, driver, connect };
}

export const given = new CacheError('ERR_CLOSED', 'given up');
