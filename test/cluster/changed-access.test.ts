/** `setNodes` where nothing but the way to a node has changed. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCache } from '../../src/index.js';
import { askOnce } from '../../src/testing/servers/ask-once.js';
import { startRedis } from '../../src/testing/servers/redis-server.js';
import type { TestServer } from '../../src/testing/servers/test-server.js';

describe('a node whose password was changed', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startRedis({ password: 'one' });
  });

  afterAll(() => server.stop());

  it('is reached by the new one, keeps its entries, and is left alone where nothing changed', async () => {
    const url = `redis://127.0.0.1:${server.port}`;
    const withPassword = (password: string) => ({ url, credentials: { password } });
    const cache = createCache({ nodes: [withPassword('one')], namespace: 'n', fallback: false, health: false });
    await cache.ready();
    expect(await cache.set('k', 'v')).toBe(true);
    await askOnce(
      { host: '127.0.0.1', port: server.port, tls: false },
      'AUTH one\r\nCONFIG SET requirepass two\r\nCLIENT KILL TYPE normal SKIPME yes\r\n',
      (text) => /\+OK\r\n\+OK\r\n:\d+\r\n/.test(text),
    );
    await expect.poll(() => cache.nodes()[0]?.lastError).toContain('WRONGPASS');
    const finished = new Promise((resolve) => cache.on('handoffFinished', resolve));
    await cache.setNodes([withPassword('two')]);
    await expect.poll(() => cache.nodes()[0]?.isConnected).toBe(true);
    expect(await cache.get('k')).toBe('v');
    await finished;
    expect(await cache.get('k')).toBe('v');
    const { epoch } = cache.stats();
    await cache.setNodes([withPassword('two')]);
    expect(cache.stats().epoch).toBe(epoch);
    await cache.close();
  });
});
