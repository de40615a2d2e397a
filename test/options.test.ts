/** Options of `createCache`: what is wrong is said before anything opens, with its path, the legal values and what came. */

import { createServer } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMemoryDriver } from '../src/driver/memory/memory-driver.js';
import { type CacheOptions, createCache, OptionError } from '../src/index.js';
import { resolveCacheOptions } from '../src/options.js';

/** What a JavaScript caller, or a file of settings, might pass. */
function loose(text: string): CacheOptions {
  return JSON.parse(text);
}

function problemOf(options: CacheOptions): OptionError {
  try {
    void createCache(options).destroy();
  } catch (error) {
    if (error instanceof OptionError) return error;
    throw error;
  }
  throw new Error('the options were accepted');
}

const NODE = '"url": "redis://127.0.0.1:1"';

describe('options that are unknown', () => {
  it.each([
    ['{ "ttl": 5 }', 'ttl'],
    ['{ "timeouts": { "connect": 5 } }', 'timeouts.connect'],
    ['{ "read": { "preference": "any" } }', 'read.preference'],
    ['{ "read": { "prefer": { "zone": "a", "rack": "b" } } }', 'read.prefer'],
    ['{ "bulkhead": { "max": 5 } }', 'bulkhead.max'],
    ['{ "bulkhead": { "bulk": { "max": 5 } } }', 'bulkhead.bulk.max'],
    ['{ "bulkhead": { "urgent": {} } }', 'bulkhead.urgent'],
    ['{ "breaker": { "threshold": 5 } }', 'breaker.threshold'],
    ['{ "retry": { "retries": 5 } }', 'retry.retries'],
    ['{ "retry": { "budget": { "share": 0.1 } } }', 'retry.budget.share'],
    ['{ "fallback": { "ttlMs": 5 } }', 'fallback.ttlMs'],
    ['{ "near": { "maxStaleMs": 5 } }', 'near.maxStaleMs'],
    ['{ "health": { "interval": 5 } }', 'health.interval'],
    ['{ "handoff": { "budget": 5 } }', 'handoff.budget'],
    ['{ "ledger": { "floors": 5 } }', 'ledger.floors'],
    ['{ "compression": { "minBytes": 100, "level": 9 } }', 'compression.level'],
    [`{ "nodes": [{ ${NODE}, "priority": 1 }] }`, 'nodes[0].priority'],
    [`{ "nodes": ["memory://a", { "url": "rediss://b", "tls": { "verify": false } }] }`, 'nodes[1].tls.verify'],
    [`{ "nodes": [{ ${NODE}, "credentials": { "user": "a", "password": "b" } }] }`, 'nodes[0].credentials.user'],
    ['{ "__proto__": { "replication": 2 } }', '__proto__'],
    ['{ "constructor": {} }', 'constructor'],
  ])('are errors, wherever they stand: %s', (text, path) => {
    const problem = problemOf(loose(text));
    expect(problem).toMatchObject({ code: 'ERR_INVALID_OPTION', path });
    expect(problem.message.startsWith(`${path}: `)).toBe(true);
  });
});

describe('options that are out of range', () => {
  it.each([
    ['{ "nodes": [] }', 'nodes', 'at least one'],
    ['{ "nodes": null }', 'nodes', 'list'],
    ['{ "nodes": "redis://a" }', 'nodes', 'list'],
    ['{ "nodes": [5] }', 'nodes[0]', 'URL'],
    ['{ "nodes": [{}] }', 'nodes[0].url', 'URL'],
    ['{ "nodes": ["http://a"] }', 'nodes[0].url', 'redis://'],
    ['{ "nodes": ["redis://a/x"] }', 'nodes[0].url', 'database'],
    ['{ "nodes": ["redis://u:50%@a"] }', 'nodes[0].url', '%25'],
    ['{ "nodes": ["redis+unix:///run/%zz.sock"] }', 'nodes[0].url', '%25'],
    ['{ "nodes": ["memory://"] }', 'nodes[0].url', 'must name'],
    ['{ "timeouts": [] }', 'timeouts', 'array'],
    ['{ "nodes": ["redis://a", "redis://a:6379/1"] }', 'nodes[1].name', "'a:6379' is already the name of nodes[0]"],
    [`{ "nodes": [{ ${NODE}, "weight": 0 }] }`, 'nodes[0].weight', 'got 0'],
    [`{ "nodes": [{ ${NODE}, "weight": "2" }] }`, 'nodes[0].weight', 'above 0'],
    [`{ "nodes": [{ ${NODE}, "name": "" }] }`, 'nodes[0].name', 'non-empty'],
    [`{ "nodes": [{ ${NODE}, "zone": 5 }] }`, 'nodes[0].zone', 'string'],
    [`{ "nodes": [{ ${NODE}, "database": -1 }] }`, 'nodes[0].database', 'got -1'],
    [`{ "nodes": [{ ${NODE}, "credentials": "secret" }] }`, 'nodes[0].credentials', 'password'],
    [`{ "nodes": [{ ${NODE}, "credentials": { "username": "a" } }] }`, 'nodes[0].credentials.password', 'string'],
    [`{ "nodes": [{ ${NODE}, "tls": {} }] }`, 'nodes[0].tls', 'rediss://'],
    ['{ "nodes": [{ "url": "memcached://a", "database": 1 }] }', 'nodes[0].database', 'Redis'],
    ['{ "nodes": [{ "name": "a", "driver": 5 }] }', 'nodes[0].driver', 'connect'],
    ['{ "namespace": "a:b" }', 'namespace', 'A-Z'],
    ['{ "namespace": 5 }', 'namespace', 'string'],
    ['{ "replication": 0 }', 'replication', 'got 0'],
    ['{ "replication": 1.5 }', 'replication', 'integer'],
    ['{ "codec": "msgpack" }', 'codec', "'json'"],
    ['{ "codec": "bytes", "compression": { "minBytes": 100 } }', 'compression', 'bytes'],
    ['{ "maxValueBytes": 0 }', 'maxValueBytes', 'got 0'],
    ['{ "defaultTtlMs": 0 }', 'defaultTtlMs', 'none'],
    ['{ "defaultTtlMs": "forever" }', 'defaultTtlMs', "'forever'"],
    ['{ "defaultTtlMs": 1e15 }', 'defaultTtlMs', 'got 1000000000000000'],
    ['{ "timeouts": 500 }', 'timeouts', 'object'],
    ['{ "timeouts": { "totalMs": 0 } }', 'timeouts.totalMs', 'got 0'],
    ['{ "timeouts": { "attemptMs": "200" } }', 'timeouts.attemptMs', "'200'"],
    ['{ "read": { "prefer": "replica" } }', 'read.prefer', "'primary'"],
    ['{ "read": { "onMiss": "retry" } }', 'read.onMiss', "'accept'"],
    ['{ "write": "quorum" }', 'write', "'majority'"],
    ['{ "bulkhead": { "maxInFlight": 0 } }', 'bulkhead.maxInFlight', 'got 0'],
    ['{ "bulkhead": { "bulk": null } }', 'bulkhead.bulk', 'object'],
    ['{ "breaker": true }', 'breaker', 'false'],
    ['{ "breaker": { "openMs": 0 } }', 'breaker.openMs', 'got 0'],
    ['{ "retry": { "attempts": 0 } }', 'retry.attempts', 'got 0'],
    ['{ "retry": { "budget": 5 } }', 'retry.budget', 'object'],
    ['{ "retry": { "budget": { "ratio": 2 } } }', 'retry.budget.ratio', 'got 2'],
    ['{ "fallback": { "maxStaleMs": null } }', 'fallback.maxStaleMs', 'got null'],
    ['{ "near": true }', 'near', 'false'],
    ['{ "onUnavailable": "ignore" }', 'onUnavailable', "'throw'"],
    ['{ "maxClockSkewMs": -1 }', 'maxClockSkewMs', 'got -1'],
    ['{ "health": { "intervalMs": 0 } }', 'health.intervalMs', 'got 0'],
    ['{ "handoff": { "concurrency": -1 } }', 'handoff.concurrency', 'got -1'],
    ['{ "ledger": { "maxFloors": 0 } }', 'ledger.maxFloors', 'got 0'],
    ['{ "clock": {} }', 'clock', 'now'],
    ['{ "random": 4 }', 'random', 'function'],
  ])('name their path, the range and what they got: %s', (text, path, excerpt) => {
    const problem = problemOf(loose(text));
    expect(problem).toMatchObject({ code: 'ERR_INVALID_OPTION', path });
    expect(problem.message).toContain(excerpt);
  });

  it('a driver of one’s own needs a name, and leaves no room for a URL and what goes with one', () => {
    const driver = createMemoryDriver({ name: 'a' });
    const further = { url: 'redis://h', credentials: { password: 'p' }, tls: {}, database: 1 };
    for (const [name, value] of Object.entries(further)) {
      const problem = problemOf({ nodes: [{ name: 'a', driver, [name]: value }] });
      expect(problem.path).toBe(`nodes[0].${name}`);
    }
    expect(problemOf({ nodes: [{ driver }] }).path).toBe('nodes[0].name');
  });

  it('a secret in a wrong option is not told', () => {
    const problem = problemOf(loose(`{ "nodes": [{ ${NODE}, "credentials": "hunter2" }] }`));
    expect(problem.message).not.toContain('hunter2');
    const url = problemOf(loose('{ "nodes": ["redis://u:hunter2@h:99999"] }'));
    expect(url.message).not.toContain('hunter2');
  });
});

describe('options that are legal', () => {
  it('are none at all: three in-process nodes', () => {
    const { nodes, replication, codec, timeouts, write, degrades } = resolveCacheOptions({});
    expect(nodes.map(({ name, scheme }) => `${scheme} ${name}`)).toEqual([
      'memory memory-1',
      'memory memory-2',
      'memory memory-3',
    ]);
    expect({ replication, codec, write, degrades }).toEqual({
      replication: 1,
      codec: 'json',
      write: 'all',
      degrades: true,
    });
    expect(timeouts).toEqual({ connectMs: 300, attemptMs: 200, totalMs: 500 });
  });

  it('may be undefined wherever they may be missing', () => {
    const given = resolveCacheOptions({ replication: undefined, timeouts: { totalMs: undefined }, near: undefined });
    const missing = resolveCacheOptions({});
    expect({ ...given, clientId: 0 }).toEqual({ ...missing, clientId: 0 });
  });

  it.each(['breaker', 'retry', 'fallback', 'near', 'health'] as const)('%s may be switched off', (name) => {
    expect(resolveCacheOptions({ [name]: false })[name]).toBeUndefined();
  });

  it('are read once: what the caller does to them later changes nothing', () => {
    const nodes = ['memory://a', 'memory://b'];
    const settings = resolveCacheOptions({ nodes });
    nodes.pop();
    expect(settings.nodes).toHaveLength(2);
    expect(Object.isFrozen(settings)).toBe(true);
  });

  it('of a node come from its URL, and win over it', () => {
    const { nodes } = resolveCacheOptions({
      nodes: [
        'redis://ann:p%3Aw@[::1]:7000/3?tls=1&insecureSkipVerify=true',
        {
          url: 'redis://ann:old@h/3',
          name: 'n',
          database: 4,
          credentials: { password: 'new' },
          weight: 2.5,
          zone: 'a',
        },
        'redis+unix:///run/redis%20a.sock',
        'memcached://h',
        { url: 'rediss://h:1', tls: { servername: 's' } },
      ],
    });
    expect(nodes).toMatchObject([
      { name: '::1:7000', database: 3, tls: undefined, credentials: { username: 'ann', password: 'p:w' } },
      { name: 'n', database: 4, credentials: { password: 'new' }, weight: 2.5, zone: 'a' },
      { name: '/run/redis a.sock', address: { path: '/run/redis a.sock' } },
      { name: 'h:11211', scheme: 'memcached' },
      { name: 'h:1', tls: { servername: 's' } },
    ]);
  });
});

describe('a wrong option', () => {
  it('leaves nothing open behind it', async () => {
    let connections = 0;
    const server = createServer((socket) => {
      connections++;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const url = `redis://127.0.0.1:${address.port}`;
    expect(() => createCache({ nodes: [url], namespace: 'not legal' })).toThrow(OptionError);
    expect(() => createCache({ nodes: [url, 'ftp://h'] })).toThrow(OptionError);
    await new Promise((resolve) => setTimeout(resolve, 50));
    server.close();
    expect(connections).toBe(0);
  });

  it('is never answered by anything but an OptionError, whatever a file of settings holds', () => {
    const known = fc.constantFrom(
      'nodes',
      'read',
      'timeouts',
      'bulkhead',
      'breaker',
      'retry',
      'near',
      'health',
      'codec',
    );
    const settings = fc.dictionary(known, fc.jsonValue({ maxDepth: 3 }));
    fc.assert(
      fc.property(settings, (options) => {
        try {
          resolveCacheOptions(loose(JSON.stringify(options)));
        } catch (error) {
          expect(error).toBeInstanceOf(OptionError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
