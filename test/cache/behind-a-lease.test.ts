/** Calls of one turn behind one that a lease of somebody else stood in the way of, on memcached: they wait for it, and that is all. */

import { expect, it, onTestFinished } from 'vitest';
import { createCache } from '../../src/create-cache.js';
import { askOnce } from '../../src/testing/servers/ask-once.js';
import { startMemcached } from '../../src/testing/servers/memcached-server.js';
import { PATIENT } from './fleet.js';

it('are answered, take effect, and lose no connection', async () => {
  const server = await startMemcached();
  onTestFinished(() => server.stop());
  const cache = createCache({
    nodes: [`memcached://127.0.0.1:${server.port}`],
    retry: false,
    health: false,
    timeouts: PATIENT,
  });
  await cache.ready();
  await cache.set('old', 0);
  await askOnce(server, 'mg leased N30\r\n', (answer) => answer.endsWith('\r\n'));
  const answers = await Promise.all([
    cache.add('leased', 1),
    cache.set('new', { n: 2 }),
    cache.set('counter', 7),
    cache.delete('old'),
    cache.add('another', 3),
    cache.touch('new', 60_000),
  ]);
  expect(answers).toEqual([true, true, true, true, true, true]);
  expect(await cache.getMany(['leased', 'new', 'counter', 'old', 'another'])).toEqual(
    new Map<string, unknown>([
      ['leased', 1],
      ['new', { n: 2 }],
      ['counter', 7],
      ['another', 3],
    ]),
  );
  expect(cache.stats()).toMatchObject({ failures: 0 });
  await cache.destroy();
});
