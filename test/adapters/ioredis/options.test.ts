/** What `new Redis` takes: its forms, what of ioredis's options it heeds, and what it refuses before anything opens. */

import { describe, expect, it } from 'vitest';
import { type RedisArguments, redisArguments } from '../../../src/adapters/ioredis/arguments.js';
import { type RedisOptions, resolveRedisOptions } from '../../../src/adapters/ioredis/options.js';
import { OptionError, Redis } from '../../../src/ioredis.js';
import { resolveCacheOptions } from '../../../src/options.js';

const resolved = (...args: RedisArguments) => resolveRedisOptions(redisArguments(args));
const specs = (...args: RedisArguments) => resolveCacheOptions(resolved(...args).cache).nodes;
const addresses = (...args: RedisArguments) =>
  specs(...args).map(({ address }) => address.path ?? `${address.host}:${address.port}`);

describe('the forms of the constructor', () => {
  it.each<[string, RedisArguments, string[]]>([
    ['nothing', [], ['127.0.0.1:6379']],
    ['an object with nodes', [{ nodes: ['redis://a:1', { url: 'redis://b:2' }] }], ['a:1', 'b:2']],
    ['a list of URLs', [['redis://a:1', 'redis://b:2']], ['a:1', 'b:2']],
    ['a list of URLs and options', [['redis://a:1'], { keyPrefix: 'p:' }], ['a:1']],
    ['a URL', ['redis://a:1/3'], ['a:1']],
    ['host and port without a scheme', ['a:1'], ['a:1']],
    ['a port', [7000], ['127.0.0.1:7000']],
    ['a port and a host', [7000, 'a'], ['a:7000']],
    ['a port, a host and options', [7000, 'a', { db: 2 }], ['a:7000']],
    ['a port and options', ['7000', { host: 'a' }], ['a:7000']],
    ['host and port in an object', [{ host: 'a', port: 1 }], ['a:1']],
    ['a socket', ['/tmp/redis.sock'], ['/tmp/redis.sock']],
    ['an IPv6 address', [{ host: '::1' }], ['::1:6379']],
    ['a URL that says what is no concern here', ['redis://a:1/3?allowUsernameInURI=true&family=6'], ['a:1']],
  ])('%s', (_, args, expected) => {
    expect(addresses(...args)).toEqual(expected);
  });

  it('options beside a list win nowhere over what a node says itself', () => {
    const [first, second] = specs(['redis://u:p@a:1/5', 'redis://b:2'], { username: 'v', password: 'q', db: 3 });
    expect(first).toMatchObject({ credentials: { username: 'u', password: 'p' }, database: 5 });
    expect(second).toMatchObject({ credentials: { username: 'v', password: 'q' }, database: 3 });
    expect(specs(['redis://a:1/5?family=4'], { db: 3 })).toMatchObject([{ database: 5 }]);
  });

  it('translates the times of ioredis, and lets timeouts have the last word', () => {
    expect(resolved({ commandTimeout: 900, connectTimeout: 70 }).cache.timeouts).toEqual({
      attemptMs: 900,
      totalMs: 900,
      connectMs: 70,
    });
    expect(resolved({ commandTimeout: 900, timeouts: { totalMs: 50 } }).cache.timeouts).toMatchObject({ totalMs: 50 });
  });

  it('gives data the time that ioredis gives it, unless told otherwise; a silent node gets what a command gets', () => {
    const { data, cache } = resolved({});
    expect(data).toEqual({ deadlineMs: 60_000, silenceMs: 3_000, absenceMs: 1_000, flowMs: 200, patienceMs: 3_000 });
    // Calls on cacheable keys have those of a cache.
    expect(cache.timeouts).toEqual({ connectMs: 2_000 });
    const times = (options: RedisOptions) => resolved(options).data;
    expect(times({ commandTimeout: 100 })).toMatchObject({ deadlineMs: 100, silenceMs: 200, patienceMs: 100 });
    expect(times({ commandTimeout: 2_000 })).toMatchObject({ deadlineMs: 2_000, silenceMs: 3_000 });
    expect(times({ timeouts: { totalMs: 20_000 } })).toMatchObject({ deadlineMs: 20_000, silenceMs: 20_000 });
    expect(times({ offlineQueueMs: 5_000 }).absenceMs).toBe(5_000);
    expect(times({ enableOfflineQueue: false, offlineQueueMs: 5_000 }).absenceMs).toBe(0);
  });

  it('takes null for nothing, as programs have it from their environment', () => {
    const nothing = JSON.parse('{"host":null,"password":null,"db":null,"commandTimeout":null,"stringNumbers":null}');
    expect(specs(nothing)).toMatchObject([{ credentials: undefined, database: 0, address: { host: '127.0.0.1' } }]);
  });

  it('translates TLS, for nodes whose URL asks for it', () => {
    const tls = { ca: 'authority', rejectUnauthorized: false };
    const [first, second] = specs({ nodes: ['rediss://a:1', 'redis://b:2'], tls });
    expect(first?.tls).toMatchObject({ ca: 'authority', insecureSkipVerify: true });
    expect(second?.tls).toBeUndefined();
    expect(specs({ host: 'a', port: 1, tls: {} })[0]?.tls).toBeDefined();
  });

  it('takes an options object of ioredis as it is', () => {
    const given: RedisOptions = {
      host: 'a',
      port: 1,
      maxRetriesPerRequest: null,
      enableReadyCheck: false,
      enableOfflineQueue: true,
      retryStrategy: () => 5,
      lazyConnect: true,
      enableAutoPipelining: true,
      keepAlive: 5,
      family: 4,
      replyMapping: 'legacy',
      protocol: 3,
      disconnectTimeout: 100,
    };
    expect(resolved(given).ioredis).toMatchObject({ maxRetriesPerRequest: null, enableReadyCheck: false });
  });
});

describe('what is refused', () => {
  const refused: [string, RedisOptions][] = [
    ['namespace', { namespace: 'x' } as RedisOptions],
    ['codec', { codec: 'json' } as RedisOptions],
    ['sentinels', { sentinels: [] } as RedisOptions],
    ['tls.ca', { tls: { ca: ['x'] } }],
    ['replyMapping', { replyMapping: 'resp3', protocol: 3 }],
    ['stringNumbers', { stringNumbers: true }],
    ['replication', { replication: 2 }],
    ['near', { near: {} }],
    ['fallback', { fallback: {} }],
    ['rateLimit.client', { rateLimit: { client: { limit: 5, windowMs: 1_000 } } as RedisOptions['rateLimit'] }],
    ['bulkhead.connections', { bulkhead: { connections: 2 } }],
    ['bulkhead.interactive.connections', { bulkhead: { interactive: { connections: 'auto' } } }],
    ['nodes[0].url', { nodes: ['memcached://a:1'] }],
    ['nodes[0].url', { nodes: ['redis+cluster://a:1'] }],
    ['nodes[0].group', { nodes: [{ url: 'redis://a:1', group: 'g', role: 'primary' }] }],
    ['cacheable', { cacheable: [] }],
    ['handoff', { handoff: {} } as RedisOptions],
    ['keyPrefix', JSON.parse('{"keyPrefix":{}}')],
    ['connectionName', JSON.parse('{"connectionName":5}')],
    ['host', JSON.parse('{"host":5}')],
    ['lazyConnect', JSON.parse('{"lazyConnect":"yes"}')],
    ['blockingTimeoutGrace', { blockingTimeoutGrace: Number.NaN }],
    ['blockingTimeout', JSON.parse('{"blockingTimeout":"1"}')],
    ['timeouts', JSON.parse('{"timeouts":5}')],
    ['timeouts.connectMs', { connectTimeout: 0, lazyConnect: true }],
    ['offlineQueueMs', { offlineQueueMs: -1 }],
    ['enableOfflineQueue', JSON.parse('{"enableOfflineQueue":"no"}')],
    ['bulkhead', JSON.parse('{"bulkhead":5}')],
    ['health', JSON.parse('{"health":true}')],
    ['scripts', JSON.parse('{"scripts":{"a":{}}}')],
    ['tls', JSON.parse('{"tls":false}')],
    ['tls.pfx', { tls: { pfx: 'x' } }],
    ['nodes[0].url', { nodes: ['redis://a?db=2'] }],
    ['nodes[0].url', { nodes: ['redis://a/1?family=4&keyPrefix=x'] }],
  ];

  it('is what stands behind a URL or a list and is no options object', () => {
    const [behind]: unknown[] = [5];
    expect(() => redisArguments(['redis://a', behind as string])).toThrow(OptionError);
    expect(() => redisArguments([['redis://a'], 'b'])).toThrow(OptionError);
  });

  it.each(refused)('%s', (path, options) => {
    expect(() => new Redis(options)).toThrow(OptionError);
    expect(() => new Redis(options)).toThrow(expect.objectContaining({ path }));
  });

  it('is not what needs cacheable keys, where there are some', () => {
    expect(resolved({ replication: 2, near: {}, fallback: {}, cacheable: 'a:*' }).cache).toMatchObject({
      replication: 2,
    });
  });
});
