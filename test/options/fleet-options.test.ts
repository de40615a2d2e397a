/** URLs and options of nodes that are several servers. */

import { describe, expect, it } from 'vitest';
import { createCache, OptionError } from '../../src/index.js';
import { parseNode, parseNodes } from '../../src/options/node-options.js';

const parse = (entry: unknown) => parseNode(entry, 'nodes[0]');

describe('a node behind sentinels', () => {
  it('is named by its URL: sentinels, master, database, and credentials of the master', () => {
    expect(parse('redis+sentinel://ann:p%3Aw@s1:1,[::1]:2,s3/my%20master/3?db=5')).toMatchObject({
      name: 'my master',
      isNamed: false,
      scheme: 'redis+sentinel',
      address: { host: 's1', port: 1 },
      credentials: { username: 'ann', password: 'p:w' },
      tls: undefined,
      database: 3,
      fleet: {
        hosts: [
          { host: 's1', port: 1 },
          { host: '::1', port: 2 },
          { host: 's3', port: 26379 },
        ],
        masterName: 'my master',
        sentinel: { credentials: undefined, tls: undefined },
      },
    });
  });

  it('keeps credentials and TLS of the sentinels apart from those of the master', () => {
    const credentials = () => ({ password: 'later' });
    const url = 'rediss+sentinel://:data@s1/m';
    expect(parse({ url, tls: { servername: 'm' } }).fleet?.sentinel).toEqual({ tls: { servername: 'm' } });
    expect(parse({ url, tls: { servername: 'm' }, sentinel: { tls: false } }).fleet?.sentinel.tls).toBeUndefined();
    expect(parse({ url, sentinel: { credentials, tls: { servername: 's' } }, database: 2 })).toMatchObject({
      credentials: { password: 'data' },
      database: 2,
      tls: {},
      fleet: { sentinel: { credentials, tls: { servername: 's' } } },
    });
    const plain = parse({ url: 'redis+sentinel://s1/m', sentinel: { tls: { servername: 's' } } });
    expect(plain).toMatchObject({ tls: undefined, fleet: { sentinel: { tls: { servername: 's' } } } });
  });

  it('is one node under the name of the master, however the sentinels are listed', () => {
    expect(parse('redis+sentinel://a,b/m').identity).toBe(parse('redis+sentinel://b:26379,a/m/0').identity);
    expect(() => parseNodes(['redis+sentinel://a/m', 'redis+sentinel://b/m'])).toThrow("'m' is already the name");
  });
});

describe('a node that is a cluster', () => {
  it('is named by some of its servers, in any order', () => {
    const { name, identity, ...spec } = parse({ url: 'rediss+cluster://b:7001,a', weight: 3, zone: 'z' });
    expect(name).toBe('a:6379,b:7001');
    expect(parse('rediss+cluster://a:6379,b:7001/0').identity).toBe(identity);
    expect(spec).toMatchObject({ scheme: 'redis+cluster', tls: {}, weight: 3, zone: 'z', database: 0 });
    expect(parse({ url: 'redis+cluster://a', name: 'c' })).toMatchObject({ name: 'c', isNamed: true });
  });
});

describe('a node of several servers', () => {
  it.each([
    ['redis+sentinel://a,b', 'nodes[0].url', 'must name the master'],
    ['redis+sentinel://a/', 'nodes[0].url', 'must name the master'],
    ['redis+sentinel://a/m/1/2', 'nodes[0].url', 'must name the master'],
    ['redis+sentinel://a/m/x', 'nodes[0].url', 'database'],
    ['redis+sentinel://a/m%', 'nodes[0].url', '%25'],
    ['redis+sentinel://u:50%@a/m', 'nodes[0].url', '%25'],
    ['redis+sentinel:a/m', 'nodes[0].url', 'several servers'],
    ['redis+sentinel://a,/m', 'nodes[0].url', 'list hosts'],
    ['redis+sentinel://a:99999/m', 'nodes[0].url', 'list hosts'],
    ['redis+sentinel://a:0/m', 'nodes[0].url', 'list hosts'],
    ['redis+sentinel://a b/m', 'nodes[0].url', 'list hosts'],
    ['redis+cluster://', 'nodes[0].url', 'list hosts'],
    ['redis+cluster://a:b', 'nodes[0].url', 'list hosts'],
    ['redis+cluster://a/1', 'nodes[0].url', 'number 0 alone'],
    ['redis+clusters://a', 'nodes[0].url', 'redis+cluster://'],
    [{ url: 'redis+cluster://a', database: 1 }, 'nodes[0].database', 'number 0 alone'],
    [{ url: 'redis+cluster://a', tls: {} }, 'nodes[0].tls', 'rediss+'],
    [{ url: 'redis+cluster://a', sentinel: {} }, 'nodes[0].sentinel', 'redis+sentinel://'],
    [{ url: 'redis://a', sentinel: {} }, 'nodes[0].sentinel', 'redis+sentinel://'],
    [{ url: 'redis+cluster://a', group: 'g', role: 'primary' }, 'nodes[0].group', 'fails over by itself'],
    [{ url: 'redis+sentinel://a/m', database: -1 }, 'nodes[0].database', 'got -1'],
    [{ url: 'redis+sentinel://a/m', sentinel: 5 }, 'nodes[0].sentinel', 'object'],
    [{ url: 'redis+sentinel://a/m', sentinel: { password: 'x' } }, 'nodes[0].sentinel.password', 'credentials, tls'],
    [{ url: 'redis+sentinel://a/m', sentinel: { tls: true } }, 'nodes[0].sentinel.tls', 'object'],
    [{ url: 'redis+sentinel://a/m', sentinel: { tls: { sni: 's' } } }, 'nodes[0].sentinel.tls.sni', 'servername'],
    [
      { url: 'redis+sentinel://a/m', sentinel: { credentials: {} } },
      'nodes[0].sentinel.credentials.password',
      'string',
    ],
  ])('%j is refused by %s', (entry, path, told) => {
    const refusal = (() => {
      try {
        parse(entry);
        return undefined;
      } catch (error) {
        return error;
      }
    })();
    expect(refusal).toBeInstanceOf(OptionError);
    expect(refusal).toMatchObject({ path, message: expect.stringContaining(told) });
  });

  it('never shows a password in what it says of a URL', () => {
    for (const url of ['redis+cluster://u:hunter2@a:b', 'redis+sentinel://:hunter2@a', 'redis+cluster:u:hunter2@a']) {
      let told = '';
      try {
        createCache({ nodes: [url] });
      } catch (error) {
        told = String(error);
      }
      expect(told).toContain('nodes[0].url');
      expect(told).not.toContain('hunter2');
    }
  });
});
