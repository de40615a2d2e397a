/** A probe of one's own, and the commands it may send. */

import { describe, expect, it, onTestFinished } from 'vitest';
import { createCache, type ProbeTarget } from '../../src/index.js';
import { startMemcached } from '../../src/testing/servers/memcached-server.js';
import { startRedis } from '../../src/testing/servers/redis-server.js';
import { PATIENT } from './fleet.js';

/** What `words` come to, sent by a probe, whatever they are. */
const sent = (node: ProbeTarget, words: readonly unknown[]): Promise<unknown> =>
  Promise.resolve(Reflect.apply(node.raw, node, words)).catch((error: unknown) => error);

describe.each(['redis', 'memcached'] as const)('a probe of ones own at a %s', (scheme) => {
  it('may send commands, and what is none is refused before it can do harm', async () => {
    const server = await (scheme === 'redis' ? startRedis() : startMemcached());
    onTestFinished(() => server.stop());
    const wrong: readonly (readonly unknown[])[] = [[], [5], [null], ['version', undefined], ['version', {}], [['a']]];
    const outcomes = new Promise<unknown[]>((resolve) => {
      const probe = async (node: ProbeTarget): Promise<boolean> => {
        const all = [...wrong, [scheme === 'redis' ? 'PING' : 'version'], [Buffer.from('nonsense')]];
        resolve(await Promise.all(all.map((words) => sent(node, words))));
        return true;
      };
      const cache = createCache({
        nodes: [`${scheme}://${server.host}:${server.port}`],
        health: { intervalMs: 20, timeoutMs: 10_000, probe },
        timeouts: PATIENT,
      });
      onTestFinished(async () => void (await cache.destroy()));
    });
    const told = await outcomes;
    for (const refused of told.slice(0, wrong.length))
      expect(refused).toMatchObject({ code: 'ERR_INVALID_OPTION', path: 'words' });
    expect(told.at(-2)).toMatch(scheme === 'redis' ? /^PONG$/ : /^VERSION /);
    expect(told.at(-1)).toMatchObject({ code: 'ERR_NODE', reason: 'rejected' });
  });
});
