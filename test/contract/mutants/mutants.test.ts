/**
 * Proves the prover: every fault planted in a driver that keeps the contract makes the case fail that is about it.
 */

import { describe, expect, it } from 'vitest';
import { createMemoryDriver } from '../../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../../src/driver/memory/memory-node.js';
import { driverContract } from '../../../src/testing/driver-contract.js';
import { FakeClock } from '../../../src/testing/fake-clock.js';
import { connectionMutants } from './connection-mutants.js';
import { leaseMutants } from './lease-mutants.js';
import { MutantConnection, type Mutation } from './mutant-connection.js';
import { operationMutants } from './operation-mutants.js';

async function failuresOf(mutation: Mutation, patienceMs = 300): Promise<string[]> {
  const clock = new FakeClock();
  const cases = driverContract({
    name: 'mutant',
    lacks: ['raw'],
    wait: (ms) => clock.advance(ms),
    create: async () => {
      const store = new MemoryNode({ name: 'a', clock, maxValueBytes: 4_000_000 });
      const { capabilities, connect } = createMemoryDriver({ name: 'a', store });
      const driver = {
        kind: 'mutant',
        capabilities,
        connect: async (options: Parameters<typeof connect>[0]) =>
          new MutantConnection(await connect(options), mutation),
      };
      return { driver, restart: async () => store.restart({ data: 'empty' }), stop: async () => undefined };
    },
  });
  const failures: string[] = [];
  for (const { title, run } of cases) {
    // Some faults leave a case waiting for ever: the clock of the test, not of the node, gives up on it.
    const patience = new Promise<never>((_resolve, reject) => {
      setTimeout(() => reject(new Error('never settled')), patienceMs).unref();
    });
    await Promise.race([run(), patience]).catch(() => failures.push(title));
  }
  return failures;
}

describe('the driver contract', () => {
  it('finds nothing wrong with a connection that only passes on', async () => {
    expect(await failuresOf({}, 20_000)).toEqual([]);
  });

  it.each([...operationMutants, ...leaseMutants, ...connectionMutants])(
    'notices a driver that $fault',
    async ({ caughtBy, ...mutation }) => {
      expect((await failuresOf(mutation)).join('\n')).toContain(caughtBy);
    },
  );
});
