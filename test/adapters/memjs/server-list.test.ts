import { describe, expect, it } from 'vitest';
import { credentialsOf, nameOf, serverList } from '../../../src/adapters/memjs/server-list.js';

const one = (list: string) => serverList(list, {})[0];

describe('a list of servers', () => {
  it('is told by the argument, else by the environment, else it is localhost', () => {
    const both = { MEMCACHIER_SERVERS: 'a:1', MEMCACHE_SERVERS: 'b:2' };
    const names = (list: string | undefined, env: object) =>
      serverList(list, { ...env }).map((server) => nameOf(server));
    expect(names('x:7,y', both)).toEqual(['x:7', 'y:11211']);
    expect(names(undefined, both)).toEqual(['a:1']);
    expect(names('', both)).toEqual(['a:1']);
    expect(names(undefined, { MEMCACHE_SERVERS: 'b:2,c:3' })).toEqual(['b:2', 'c:3']);
    expect(names(undefined, {})).toEqual(['localhost:11211']);
  });

  it('keeps passwords whole, and takes IPv6 addresses and blanks around entries', () => {
    expect(one('user:p:w@h:1')).toEqual({ host: 'h', port: 1, username: 'user', password: 'p:w' });
    expect(one('user:p@w@h')).toEqual({ host: 'h', port: 11211, username: 'user', password: 'p@w' });
    expect(one('[::1]:22122')).toMatchObject({ host: '::1', port: 22122, username: undefined });
    expect(serverList('a:1, b:2', {}).map(({ host }) => host)).toEqual(['a', 'b']);
  });

  it.each(['a:1,,b:2', 'a:1,', 'h:port', 'h:0', 'h:65536', '@', 'u:secret@:1'])('is refused as %j', (list) => {
    expect(() => serverList(list, {})).toThrow(/entry \d is not/);
    expect(() => serverList(list, {})).not.toThrow(/secret/);
  });

  it('is a string', () => {
    expect(() => Reflect.apply(serverList, undefined, [['a:1'], {}])).toThrow('must be a string');
  });
});

describe('the credentials of a server', () => {
  const env = { MEMCACHE_USERNAME: 'env', MEMCACHE_PASSWORD: 'env-pw' };
  const listed = (username?: string, password?: string) => ({ host: 'h', port: 1, username, password });

  it('are those of its entry, else of the options, else of the environment', () => {
    expect(credentialsOf(listed('u', 'p'), { username: 'o', password: 'q' }, env)).toEqual({
      username: 'u',
      password: 'p',
    });
    expect(credentialsOf(listed(), { username: 'o', password: 'q' }, env)).toEqual({ username: 'o', password: 'q' });
    expect(credentialsOf(listed(), {}, env)).toEqual({ username: 'env', password: 'env-pw' });
    expect(credentialsOf(listed(), {}, { ...env, MEMCACHIER_USERNAME: 'm', MEMCACHIER_PASSWORD: 'n' })).toEqual({
      username: 'm',
      password: 'n',
    });
  });

  it('are none where a part is missing', () => {
    expect(credentialsOf(listed('u'), {}, {})).toBeUndefined();
    expect(credentialsOf(listed(), {}, {})).toBeUndefined();
  });
});
