import { describe, expect, it } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { driverContract } from '../../src/testing/driver-contract.js';
import { FakeClock } from '../../src/testing/fake-clock.js';

const clock = new FakeClock();

const cases = driverContract({
  name: 'memory',
  lacks: ['raw'],
  wait: (ms) => clock.advance(ms),
  create: async () => {
    const store = new MemoryNode({ name: 'a', clock, maxValueBytes: 4_000_000 });
    return {
      driver: createMemoryDriver({ name: 'a', store }),
      restart: async () => store.restart({ data: 'empty' }),
      stop: async () => {
        // Cut connections have nothing in flight: what was given up has been executed or taken back.
        expect(store.openConnections).toBe(0);
        expect(clock.pendingTimers).toBe(0);
      },
    };
  },
});

describe('driver contract', () => {
  for (const { title, run } of cases) it(title, run);
});
