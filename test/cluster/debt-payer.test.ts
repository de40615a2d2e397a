/** What a node is owed gets paid, whatever the node does meanwhile; and what cannot be paid holds nobody up. */

import { describe, expect, it } from 'vitest';
import type { Connection, Driver } from '../../src/driver/driver.js';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { NodeError } from '../../src/errors.js';
import { type CacheOptions, createCache } from '../../src/index.js';
import { FakeClock } from '../../src/testing/fake-clock.js';
import { MutantConnection } from '../contract/mutants/mutant-connection.js';

/** A node that will not end connections for us, and counts how often it was asked. */
class Unhelpful extends MutantConnection {
  static asked = 0;

  override ensureGone(): Promise<boolean> {
    Unhelpful.asked++;
    return Promise.reject(
      new NodeError('auth', "Redis refused: NOPERM this user has no permissions to run 'client|kill'"),
    );
  }
}

function unhelpful(driver: Driver): Driver {
  const connect: Driver['connect'] = async (options): Promise<Connection> =>
    new Unhelpful(await driver.connect(options), {});
  return { kind: driver.kind, capabilities: driver.capabilities, connect };
}

interface Owed {
  readonly nodes: readonly { readonly keyDebts: number; readonly connectionDebts: number }[];
}

/** A cache over one node in still time, without any traffic of its own. */
async function start(options: CacheOptions = {}, wrapped = (driver: Driver): Driver => driver) {
  const clock = new FakeClock();
  const store = new MemoryNode({ name: 'a', clock });
  const driver = wrapped(createMemoryDriver({ name: 'a', store }));
  const cache = createCache({ nodes: [{ name: 'a', driver }], clock, health: false, retry: false, ...options });
  await clock.until(cache.ready());
  const owed = (): Owed['nodes'][number] =>
    (cache.stats().ledger as Owed).nodes[0] ?? { keyDebts: 0, connectionDebts: 0 };
  /** Leaves a write on a connection that is given up. */
  const abandonWrite = async (): Promise<void> => {
    store.hang();
    await clock.until(cache.set('k', 'v'));
    await clock.advance(1_000);
    expect(owed().connectionDebts).toBe(1);
  };
  const connected = async (): Promise<void> => {
    for (let i = 0; i < 5_000 && cache.nodes()[0]?.isConnected !== true; i++) await clock.advance(1);
    expect(cache.nodes()[0]?.isConnected).toBe(true);
  };
  return { clock, store, driver, cache, owed, abandonWrite, connected };
}

describe('the payer', () => {
  it('is done with a node that has left, though a call from before still tries to write there', async () => {
    const clock = new FakeClock();
    const store = new MemoryNode({ name: 'a', clock });
    const cache = createCache({
      nodes: [{ name: 'a', driver: createMemoryDriver({ name: 'a', store, clock }) }, 'memory://b'],
      clock,
      health: false,
      timeouts: { totalMs: 50, attemptMs: 50 },
      retry: { attempts: 3, backoff: 'fixed', jitter: 'none', baseMs: 300, maxMs: 300 },
    });
    await clock.until(cache.ready());
    const key = Array.from({ length: 50 }, (_, i) => `k${i}`).find((each) => cache.ring.owners(each)[0] === 'a') ?? '';
    store.latencyMs = 20;
    const writing = cache.set(key, 'v', { timeoutMs: 10_000 });
    await clock.advance(10);
    store.kill();
    await clock.until(cache.removeNode('a', { drain: false }));
    expect(await clock.until(writing)).toBe(false);
    await clock.advance(10_000);
    expect(clock.pendingTimers).toBe(0);
    const { unpaidDebts } = await clock.until(cache.close());
    expect(unpaidDebts).toBe(0);
  });

  it('goes on with another connection when a node never answers what it asks about connections', async () => {
    const { clock, store, cache, owed, abandonWrite, connected } = await start();
    await abandonWrite();
    store.dropReplies = true;
    store.resume();
    await connected();
    await clock.advance(50);
    // From here on the node is well, but that connection will never answer.
    store.dropReplies = false;
    await clock.advance(5_000);
    expect(owed()).toMatchObject({ keyDebts: 0, connectionDebts: 0 });
    await clock.until(cache.destroy());
  });
});

describe('a node that may not be asked to end connections', () => {
  it('is asked once, and the settling time decides instead; we are told so once', async () => {
    const warnings: Error[] = [];
    const hear = (warning: Error): void => void warnings.push(warning);
    process.on('warning', hear);
    Unhelpful.asked = 0;
    const { clock, store, cache, owed, abandonWrite, connected } = await start({}, unhelpful);
    await abandonWrite();
    store.resume();
    await connected();
    await clock.advance(5_000);
    expect(owed()).toMatchObject({ connectionDebts: 1 });
    expect(Unhelpful.asked).toBe(1);
    await clock.advance(6_000);
    expect(owed()).toMatchObject({ keyDebts: 0, connectionDebts: 0 });
    await abandonWrite();
    store.resume();
    await connected();
    await clock.advance(11_000);
    expect(owed()).toMatchObject({ keyDebts: 0, connectionDebts: 0 });
    process.off('warning', hear);
    expect(warnings.map(({ message }) => message)).toEqual([expect.stringMatching(/node a .*NOPERM/)]);
    await clock.until(cache.destroy());
  });
});

describe('close', () => {
  it('does not wait for debts whose keys nobody can name any more', async () => {
    const { clock, store, cache, owed, connected } = await start({ ledger: { maxPayable: 1 } });
    store.hang();
    await clock.until(Promise.all(['a', 'b', 'c'].map((key) => cache.set(key, 'v'))));
    await clock.advance(1_000);
    store.resume();
    await connected();
    await clock.advance(1_000);
    expect(owed().keyDebts).toBeGreaterThan(0);
    const beganAt = clock.now();
    expect((await clock.until(cache.close())).unpaidDebts).toBe(owed().keyDebts);
    expect(clock.now() - beganAt).toBeLessThan(50);
  });
});

describe('a walk over the keys', () => {
  it('ends with an error when the node falls silent', async () => {
    const { clock, store, cache } = await start({ namespace: 'shop' });
    await clock.until(cache.set('k', 'v'));
    store.hang();
    await expect(clock.until(cache.keys().next(), 5_000)).rejects.toMatchObject({
      code: 'ERR_NODE',
      reason: 'stalled',
    });
    store.resume();
    await clock.until(cache.destroy());
  });
});
