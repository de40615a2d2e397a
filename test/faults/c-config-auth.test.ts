/** Rows C1 to C6: passwords, SASL and TLS that do not fit. */

import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type CacheOptions, createCache, NodeError } from '../../src/index.js';
import { startMemcached } from '../../src/testing/servers/memcached-server.js';
import { startRedis } from '../../src/testing/servers/redis-server.js';
import type { TestServer } from '../../src/testing/servers/test-server.js';
import { clean, ending, LATENESS_MS, loadDriver, openCache, PATIENT, startProxy, until } from './fleet.js';

/** What the first connection meets is told, not that it was late. */
const STRICT: CacheOptions = { onUnavailable: 'throw', retry: false, fallback: false, timeouts: PATIENT };

async function running(starting: Promise<TestServer>): Promise<TestServer> {
  const server = await starting;
  onTestFinished(() => server.stop());
  return server;
}

describe('credentials and certificates that do not fit', () => {
  // Planted fault: a refused password is tried again as if the node were merely away.
  it.each([
    ['C1 a wrong password', 'redis://:wrong-canary@127.0.0.1:'],
    ['C2 no password where one is asked for', 'redis://127.0.0.1:'],
  ])('%s: permanent until somebody does something, told once, asked rarely, in no output', async (_, url) => {
    clean();
    const server = await running(startRedis({ password: 'right-canary' }));
    const proxy = await startProxy(server.port);
    const cache = await openCache({ ...STRICT, nodes: [`${url}${proxy.port}`], health: { intervalMs: 50 } });
    const told: unknown[] = [];
    for (const name of ['breakerOpened', 'nodeStateChanged', 'degraded'] as const)
      cache.on(name, (event) => told.push(event));
    const { error, ms } = await ending(() => cache.get('key'));
    expect(ms).toBeLessThan(500 + LATENESS_MS);
    expect(error).toMatchObject({ code: 'ERR_UNAVAILABLE', cause: { code: 'ERR_NODE', reason: 'auth' } });
    for (let i = 0; i < 50; i++, await sleep(20)) await ending(() => cache.get(`key ${i}`));
    // One connect a lane that was asked for, and none again within 30 s.
    expect(proxy.accepted).toBeLessThanOrEqual(2);
    expect(told.length).toBeLessThanOrEqual(2);
    expect(inspect([error, cache.nodes(), told, cache], { depth: Infinity, showHidden: true })).not.toContain('canary');
  });

  // Planted fault: SASL that fails rejects with a bare string, as memjs has it.
  it('C3 SASL that fails: an Error with a reason, and no name or password in it', async () => {
    clean();
    const server = await running(startMemcached({ sasl: { username: 'ann', password: 'right' } }));
    const url = `memcached+sasl://canary-ann:canary-wrong@127.0.0.1:${server.port}`;
    const cache = await openCache({ ...STRICT, nodes: [{ url, name: 'a' }], health: false });
    const { error } = await ending(() => cache.get('key'));
    expect(error).toBeInstanceOf(Error);
    if (!(error instanceof Error)) return;
    expect(error.cause).toBeInstanceOf(NodeError);
    expect(error.cause).toMatchObject({ reason: 'auth', node: 'a' });
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain('canary');
  });

  // Planted fault: the deadline of connecting ends with TCP.
  it.each(['redis', 'memcached'] as const)(
    'C4 TLS to the plain port of a %s: settles in time, with a hint',
    async (kind) => {
      clean();
      const server = await running(kind === 'redis' ? startRedis() : startMemcached());
      const scheme = kind === 'redis' ? 'rediss' : 'memcacheds';
      await loadDriver(scheme);
      const cache = createCache({
        ...STRICT,
        nodes: [`${scheme}://127.0.0.1:${server.port}`],
        health: false,
        timeouts: { connectMs: 300 },
      });
      onTestFinished(async () => void (await cache.destroy()));
      const { error, ms } = await ending(() => cache.get('key', { timeoutMs: 2_000 }));
      expect(ms).toBeLessThan(300 + LATENESS_MS);
      expect(error).toBeDefined();
      await until(() => cache.nodes()[0]?.lastError !== undefined);
      expect(cache.nodes()[0]?.lastError).toMatch(/no TLS on this port\?/);
    },
  );

  // Planted fault: a connection closed during the handshake is told as "closed" and no more.
  it.each(['redis', 'memcached'] as const)(
    'C5 plain words to the TLS port of a %s: fails at once, with a hint',
    async (kind) => {
      clean();
      const server = await running(kind === 'redis' ? startRedis({ tls: true }) : startMemcached({ tls: true }));
      const cache = await openCache({ ...STRICT, nodes: [`${kind}://127.0.0.1:${server.port}`], health: false });
      expect(cache.nodes()[0]?.lastError).toMatch(/TLS port\?/);
      expect((await ending(() => cache.get('key'))).error).toMatchObject({ code: 'ERR_UNAVAILABLE' });
    },
  );

  // Planted fault: rejectUnauthorized: false.
  it.each(['redis', 'memcached'] as const)(
    'C6 a certificate of nobody, or of another name, for a %s: refused, unless told otherwise',
    async (kind) => {
      clean();
      const names = ['elsewhere.example'];
      const server = await running(
        kind === 'redis' ? startRedis({ tls: { names } }) : startMemcached({ tls: { names } }),
      );
      const url = `${kind === 'redis' ? 'rediss' : 'memcacheds'}://127.0.0.1:${server.port}`;
      const ca = server.certificate?.ca;
      const warnings: Error[] = [];
      const onWarning = (warning: Error): void => void warnings.push(warning);
      process.on('warning', onWarning);
      onTestFinished(() => void process.off('warning', onWarning));

      const unknown = await openCache({ ...STRICT, nodes: [url], health: false });
      expect(unknown.nodes()[0]).toMatchObject({ isConnected: false });
      expect(unknown.nodes()[0]?.lastError).toMatch(/DEPTH_ZERO_SELF_SIGNED_CERT|self-signed/);
      const misnamed = await openCache({ ...STRICT, nodes: [{ url, tls: { ca } }], health: false });
      expect(misnamed.nodes()[0]).toMatchObject({ isConnected: false });
      expect(misnamed.nodes()[0]?.lastError).toMatch(/ALTNAME|does not match/i);
      const named = await openCache({
        ...STRICT,
        nodes: [{ url, tls: { ca, servername: 'elsewhere.example' } }],
        health: false,
      });
      await until(() => named.nodes()[0]?.isConnected === true);
      expect(await named.set('key', 'value')).toBe(true);
      await sleep(1);
      expect(warnings).toEqual([]);
      const careless = await openCache({
        ...STRICT,
        nodes: [{ url, tls: { insecureSkipVerify: true } }],
        health: false,
      });
      await until(() => careless.nodes()[0]?.isConnected === true);
      expect(await careless.get('key')).toBe('value');
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toMatchObject({ code: 'RINGFENCE_INSECURE_TLS' });
    },
  );
});
