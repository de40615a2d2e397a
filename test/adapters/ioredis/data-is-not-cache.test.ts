/** What is not declared cacheable is data: it stays on its node, fails while that node is out, and is never touched by us. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dataTerms } from '../../../src/adapters/ioredis/data-terms.js';
import { Fleet } from '../../../src/adapters/ioredis/fleet.js';
import { assembleParts } from '../../../src/create-cache.js';
import { CacheError, type Redis } from '../../../src/ioredis.js';
import { stopwatch } from '../../support/stopwatch.js';
import { keysByNode, type NodeName, refusal, ThreeNodes } from './three-nodes.js';

/** Quick to see that nobody listens, slow to say that somebody is slow: the machine may have other things to do. */
const PROBES = { intervalMs: 25, timeoutMs: 1_000, unhealthyAfter: 2, healthyAfter: 1, ejectionMs: 50 };
/** Fewer than a deadline, more than a busy machine takes. */
const AT_ONCE_MS = 3_000;
const PATIENT = { timeout: 30_000 };

describe('data', () => {
  let nodes: ThreeNodes;
  let redis: Redis;
  let keys: Record<NodeName, string[]>;

  beforeEach(async () => {
    nodes = await ThreeNodes.start();
    redis = nodes.open({ commandTimeout: 10_000, health: PROBES });
    keys = await keysByNode(nodes, redis, 'k');
  });

  afterEach(() => nodes.stop());

  /** Calls that a server has counted, by command, beside those of the tests' own clients. */
  async function counted(name: NodeName): Promise<Map<string, number>> {
    const stats = await nodes.plain(name).info('commandstats');
    return new Map(
      [...stats.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map(([, command, calls]) => [command ?? '', Number(calls)]),
    );
  }

  it('on a node that is gone fails at once by an error that names the node; the keys of other nodes are served', async () => {
    const [lost = ''] = keys.b;
    await Promise.all(keys.a.map((key) => redis.rpush(key, 'v')));
    await nodes.server('b').kill9();
    const ownMs = stopwatch();
    for (const call of [
      () => redis.get(lost),
      () => redis.set(lost, '1'),
      () => redis.rpush(lost, '1'),
      () => redis.mget(...keys.a, lost),
      () => redis.multi().get(lost).exec(),
      () => redis.eval('return 1', 1, lost),
    ]) {
      const error = await refusal(call());
      expect(error).toBeInstanceOf(CacheError);
      expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_(NODE|BREAKER_OPEN|UNAVAILABLE)$/), node: 'b' });
    }
    expect(ownMs()).toBeLessThan(AT_ONCE_MS);
    const results = await redis
      .pipeline()
      .get(lost)
      .llen(keys.a[0] ?? '')
      .exec();
    expect(results).toMatchObject([[{ node: 'b' }], [null, 1]]);
    expect(await redis.llen(keys.a[0] ?? '')).toBe(1);
  });

  it('is never placed elsewhere, however long its node is out', async () => {
    const parts = assembleParts({ nodes: nodes.nodes, codec: 'bytes', health: PROBES });
    try {
      const fleet = new Fleet(parts, undefined, dataTerms({}));
      const all = [...keys.a, ...keys.b, ...keys.c];
      const before = all.map((key) => fleet.ownerOf(key).name);
      await nodes.server('b').kill9();
      await expect.poll(() => parts.nodeViews().find(({ name }) => name === 'b')?.state, PATIENT).toBe('ejected');
      expect(all.map((key) => fleet.ownerOf(key).name)).toEqual(before);
      expect(parts.topology.isMasked).toBe(true);
    } finally {
      await parts.lifecycle.close(0);
    }
  });

  it('is neither deleted, copied, listed nor moved by us, through an outage and after it', async () => {
    await Promise.all([...keys.a, ...keys.b, ...keys.c].map((key) => redis.set(key, key)));
    const held = await nodes.keys();
    const hasty = nodes.open({ commandTimeout: 300, health: PROBES });
    await expect.poll(() => hasty.ping().catch(() => 'not yet'), PATIENT).toBe('PONG');
    await nodes.server('b').pause();
    await Promise.all(keys.b.map((key) => refusal(hasty.set(key, 'new'))));
    nodes.server('b').resume();
    await expect.poll(() => redis.get(keys.b[0] ?? '').catch(() => 'out'), PATIENT).not.toBe('out');
    // Long enough for probes to have let it back, and for anything that would be paid or moved then.
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await nodes.keys()).toEqual(held);
    for (const name of ['a', 'b', 'c'] as const) {
      const did = [...(await counted(name)).keys()];
      expect(did.filter((command) => /^(unlink|scan|eval|evalsha|psetex|pexpire|client\|kill)$/.test(command))).toEqual(
        [],
      );
    }
  });

  it('that was written and timed out is not sent again, nor taken back', async () => {
    const [key = ''] = keys.b;
    const hasty = nodes.open({ commandTimeout: 300 });
    await expect.poll(() => hasty.ping().catch(() => 'not yet'), PATIENT).toBe('PONG');
    await redis.rpush(key, 'before');
    await nodes.server('b').pause();
    const error = await refusal(hasty.rpush(key, 'once'));
    expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_(TIMEOUT|NODE)$/), node: 'b' });
    nodes.server('b').resume();
    await expect.poll(() => redis.lrange(key, 0, -1).catch(() => []), PATIENT).not.toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const list = await redis.lrange(key, 0, -1);
    expect([['before'], ['before', 'once']]).toContainEqual(list);
    expect((await counted('b')).get('rpush')).toBeLessThanOrEqual(2);
  });

  it('is served by a node that calls on cacheable keys ask no more', async () => {
    const [cached = '', data = ''] = keys.b;
    const mixed = nodes.open({
      commandTimeout: undefined,
      cacheable: (key) => key === cached,
      breaker: { consecutiveFailures: 1, openMs: 30_000 },
      fallback: false,
      health: false,
    });
    await mixed.set(cached, 'v', 'EX', 100);
    await nodes.server('b').pause();
    const patient = mixed.rpush(data, 'v');
    // It opens the breaker, and is a miss.
    expect(await mixed.get(cached)).toBe(null);
    nodes.server('b').resume();
    expect(await patient).toBe(1);
    expect(await mixed.get(cached)).toBe(null);
    expect(await Promise.all([mixed.rpush(data, 'w'), mixed.lrange(data, 0, -1), mixed.get('none')])).toEqual([
      2,
      ['v', 'w'],
      null,
    ]);
  });
});
