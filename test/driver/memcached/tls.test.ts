import { readFileSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FaultProxy } from '../../../src/testing/fault-proxy/fault-proxy.js';
import { askGet, askStore } from '../../../src/testing/promised-connection.js';
import { startMemcached } from '../../../src/testing/servers/memcached-server.js';
import { at, connectMeta, given } from './connections.js';
import { listen } from './listening.js';

type Started = Awaited<ReturnType<typeof startMemcached>>;

let plain: Started;
let secure: Started;
let elsewhere: Started;

beforeAll(async () => {
  [plain, secure, elsewhere] = await Promise.all([
    startMemcached(),
    startMemcached({ tls: true }),
    startMemcached({ tls: { names: ['elsewhere.example'] } }),
  ]);
});
afterAll(() => Promise.all([plain.stop(), secure.stop(), elsewhere.stop()]));

describe('TLS', () => {
  it('C6: verifies the certificate unless told not to', async () => {
    const { ca } = secure.certificate ?? { ca: '' };
    const trusted = await connectMeta({ address: secure, tls: { ca } });
    expect(await trusted.store('k', 'v')).toBe(true);
    expect(trusted.connection.id).toMatch(/^tcp:127/);
    await expect(connectMeta({ address: secure, tls: {} })).rejects.toMatchObject({
      reason: 'unreachable',
      message: expect.stringContaining('self-signed'),
    });
    const foreign = elsewhere.certificate?.ca ?? '';
    await expect(connectMeta({ address: elsewhere, tls: { ca: foreign } })).rejects.toMatchObject({
      message: expect.stringContaining('altnames'),
    });
    const named = await connectMeta({ address: elsewhere, tls: { ca: [foreign], servername: 'elsewhere.example' } });
    expect(await named.get('k')).toBeUndefined();
    const unverified = await connectMeta({ address: secure, tls: { insecureSkipVerify: true } });
    expect(String(await unverified.get('k'))).toBe('v');
  });

  it('C4: to a port without TLS fails with that hint, whether the port is silent or speaks', async () => {
    const silent = await listen((socket) => void socket.on('error', () => undefined).resume());
    for (const port of [plain.port, silent]) {
      await expect(connectMeta({ address: at(port), tls: { insecureSkipVerify: true } }, 300)).rejects.toMatchObject({
        reason: 'unreachable',
        message: expect.stringContaining('no TLS on this port?'),
      });
    }
  });

  it('C5: a plain client at a TLS port hears that hint', async () => {
    const { certFile, keyFile } = secure.certificate ?? { certFile: '', keyFile: '' };
    const other = createTlsServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const otherPort = address !== null && typeof address === 'object' ? address.port : 0;
    for (const port of [secure.port, otherPort]) {
      await expect(connectMeta({ address: at(port) }, 1000)).rejects.toMatchObject({
        code: 'ERR_NODE',
        message: expect.stringContaining('TLS port?'),
      });
    }
    other.close();
  });

  it('every request of a large batch is answered, though memcached forgets those in the rest of a record', async () => {
    const call = await connectMeta({ address: secure, tls: { insecureSkipVerify: true } });
    for (const [count, size] of [
      [200, 100],
      [1000, 100],
      [60, 1000],
      [100, 4000],
      [30, 40_000],
    ] as const) {
      const value = Buffer.alloc(size, size % 251);
      const keys = Array.from({ length: count }, (_, index) => `tls:${size}:${index}`);
      const stored = keys.map((key) => call.sendAll([askStore(key, value)])[0]);
      const together = call.sendAll(keys.map((key) => askStore(key, value)));
      expect(new Set(await Promise.all([...stored, ...together]))).toEqual(new Set([true]));
      for (const found of await Promise.all(call.sendAll(keys.map(askGet)))) expect(found?.equals(value)).toBe(true);
    }
  });

  it('destroy cuts the TCP connection under it', async () => {
    const proxy = await FaultProxy.start({ port: secure.port });
    try {
      const call = await connectMeta({ address: at(proxy.port), tls: { insecureSkipVerify: true } });
      expect(proxy.connections).toHaveLength(1);
      const lost = call.get('k');
      call.connection.destroy(given);
      await expect(lost).rejects.toBe(given);
      await expect.poll(() => proxy.connections.length).toBe(0);
    } finally {
      await proxy.close();
    }
  });
});
