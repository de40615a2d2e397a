/** Five nodes in this process, and the faults that only such nodes can be driven into. */

import { createMemoryDriver, MemoryNode } from 'ringfence/testing';

const MAX_BYTES = 2 ** 31;
const VICTIM = 'node-3';
const JOINER = 'node-6';
const LEAVER = 'node-5';

export async function startMemoryFleet() {
  const stores = new Map();
  const create = (name) => {
    const store = new MemoryNode({ name, maxBytes: MAX_BYTES });
    stores.set(name, store);
    return { name, driver: createMemoryDriver({ store }) };
  };
  return {
    title: '5 in-process nodes',
    nodes: ['node-1', 'node-2', 'node-3', 'node-4', 'node-5'].map(create),
    victim: {
      name: VICTIM,
      kill: async () => stores.get(VICTIM).kill(),
      bringBack: async () => stores.get(VICTIM).restart({ data: 'keep' }),
    },
    leaver: LEAVER,
    joiner: JOINER,
    newcomer: async () => create(JOINER),
    namespace: 'demo',
    close: async () => {},
  };
}
