import { describe, expect, it } from 'vitest';
import { resolveClientOptions } from '../../../src/adapters/memjs/client-options.js';

describe('the options of a client', () => {
  it("are memjs's defaults where nothing is said", () => {
    const { core, expires, logger, serializer } = resolveClientOptions(undefined);
    expect(expires).toBe(0);
    expect(logger).toBe(console);
    expect(serializer.serialize(1, 'v' as never, 'x')).toEqual({ value: 'v', extras: 'x' });
    expect(core.timeouts).toEqual({ connectMs: 1000, attemptMs: 500, totalMs: 2200 });
    expect(core.retry).toEqual({ attempts: 2 });
    expect(core.health).toBe(false);
    expect(core.placement).toBe('npm-memjs');
  });

  it('become deadlines, pauses and failover of the core', () => {
    const { core } = resolveClientOptions({
      retries: 3,
      retry_delay: 0.1,
      timeout: 0.2,
      conntimeout: 1,
      failover: true,
    });
    expect(core.timeouts).toEqual({ connectMs: 1000, attemptMs: 200, totalMs: 1800 });
    expect(core.retry).toEqual({ attempts: 3, backoff: 'fixed', jitter: 'none', baseMs: 100, maxMs: 100 });
    expect(core.health).toEqual({ maxEjectionMs: 60_000 });
    expect(resolveClientOptions({ failover: true, failoverTime: 2 }).core.health).toEqual({
      ejectionMs: 2000,
      maxEjectionMs: 2000,
    });
    expect(resolveClientOptions({ retries: 0 }).core.retry).toBe(false);
  });

  it('take null for nothing, as memjs does, and leave the object as it is', () => {
    const given = { expires: null, timeout: undefined } as never;
    expect(resolveClientOptions(given).core.timeouts?.attemptMs).toBe(500);
    expect(given).toEqual({ expires: null, timeout: undefined });
    expect(resolveClientOptions(null).expires).toBe(0);
  });

  it.each<[string, object]>([
    ['expire', { expire: 10 }],
    ['expires', { expires: -1 }],
    ['timeout', { timeout: '1' }],
    ['logger', { logger: {} }],
    ['serializer', { serializer: { serialize() {} } }],
    ['protocol', { protocol: 'text' }],
    ['options', [] as object],
    ['options', (() => 1) as object],
    ['cache', { cache: [] }],
    ['cache.codec', { cache: { codec: 'json' } }],
    ['cache.discovery', { cache: { discovery: { file: 'nodes.json' } } }],
    ['cache.placement', { cache: { placement: 'npm-memcached' } }],
  ])('refuse %s', (path, options) => {
    expect(() => resolveClientOptions(options)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION', path }));
  });

  it('let the core be told more, and the own ring be chosen', () => {
    const { core } = resolveClientOptions({
      cache: { placement: undefined, breaker: false, timeouts: { attemptMs: 9 } },
    });
    expect(core).toMatchObject({
      placement: undefined,
      breaker: false,
      timeouts: { connectMs: 1000, attemptMs: 9, totalMs: 2200 },
    });
  });
});
