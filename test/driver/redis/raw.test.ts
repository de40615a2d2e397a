/** Commands in the server's own words: several in one piece, refusals as replies, and gets that are told of other types. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Connection, GetOperation, RawOperation } from '../../../src/driver/driver.js';
import { createRedisDriver } from '../../../src/driver/redis/redis-driver.js';
import { refusalOf } from '../../../src/driver/refusal.js';
import { CacheError } from '../../../src/errors.js';
import { startRedis } from '../../../src/testing/servers/redis-server.js';
import type { TestServer } from '../../../src/testing/servers/test-server.js';

type Sending = { readonly operation: RawOperation | GetOperation; readonly outcome: Promise<unknown> };

/** One operation, and what becomes of it; a failure is its error. */
function raw(words: string[], manner: Partial<RawOperation> = {}): Sending {
  let done: (reply: unknown) => void = () => undefined;
  const outcome = new Promise((resolve) => {
    done = resolve;
  });
  return {
    operation: { kind: 'raw', key: '', words, ...manner, done, fail: (error) => done({ failed: error }) },
    outcome,
  };
}

function get(key: string, isExact: boolean): Sending {
  let done: (reply: unknown) => void = () => undefined;
  const outcome = new Promise((resolve) => {
    done = resolve;
  });
  const hit: GetOperation['hit'] = (bytes, start, end) => done(bytes.toString('latin1', start, end));
  return {
    operation: {
      kind: 'get',
      key,
      isExact,
      hit,
      miss: () => done(undefined),
      fail: (error) => done({ failed: error }),
    },
    outcome,
  };
}

describe('a connection to Redis', () => {
  let server: TestServer;
  let connection: Connection;

  beforeAll(async () => {
    server = await startRedis();
    connection = await createRedisDriver({ address: server }).connect({ signal: AbortSignal.timeout(20_000) });
  });

  afterAll(async () => {
    connection.destroy(new CacheError('ERR_CLOSED', 'the test is over'));
    await server.stop();
  });

  function send(...all: Sending[]): Promise<unknown[]> {
    connection.send(all.map(({ operation }) => operation));
    return Promise.all(all.map(({ outcome }) => outcome));
  }

  it('answers commands of one piece by the list of their replies, whatever those are', async () => {
    const followers = [['SET', 'k', 'v'], ['NO.SUCH'], ['LRANGE', 'none', '0', '-1'], ['GET', 'k'], ['TIME']];
    const [before, replies, after] = await send(
      raw(['ECHO', 'before']),
      raw(['GET', 'none'], { followers }),
      raw(['ECHO', 'after']),
    );
    expect([before, after]).toEqual([Buffer.from('before'), Buffer.from('after')]);
    expect(replies).toEqual([
      null,
      'OK',
      expect.any(CacheError),
      [],
      Buffer.from('v'),
      [expect.any(Buffer), expect.any(Buffer)],
    ]);
    expect(connection.owed).toBe(0);
  });

  it('takes a refusal of the command itself for a reply, where that is wanted, and keeps its words', async () => {
    const [failed, taken] = await send(raw(['NO.SUCH', 'x']), raw(['NO.SUCH', 'x'], { takesRefusals: true }));
    expect(failed).toMatchObject({ failed: { reason: 'rejected' } });
    expect(refusalOf(taken)).toBe("ERR unknown command 'NO.SUCH', with args beginning with: 'x' ");
    expect((taken as Error).message).not.toContain("'x'");
  });

  it('fails what shows the server unfit to serve, and takes missing rights of one command for a reply', async () => {
    await send(raw(['ACL', 'SETUSER', 'poor', 'on', 'nopass', '+@all', '-get']));
    const other = await createRedisDriver({
      address: server,
      credentials: { username: 'poor', password: 'x' },
    }).connect({ signal: AbortSignal.timeout(20_000) });
    const asked = [raw(['GET', 'k'], { takesRefusals: true }), raw(['GET', 'k'])];
    other.send(asked.map(({ operation }) => operation));
    const [taken, failed] = await Promise.all(asked.map(({ outcome }) => outcome));
    expect(refusalOf(taken)).toMatch(/^NOPERM/);
    expect(failed).toMatchObject({ failed: { reason: 'auth' } });
    other.destroy(new CacheError('ERR_CLOSED', 'the test is over'));
  });

  it('tells an exact get of an entry of another type, and leaves the others of its turn together', async () => {
    await send(raw(['RPUSH', 'list', '1']), raw(['SET', 'k', 'v']));
    const outcomes = await send(
      get('k', false),
      get('list', false),
      get('k', true),
      get('list', true),
      get('k', false),
    );
    expect(outcomes).toEqual(['v', undefined, 'v', { failed: expect.objectContaining({ reason: 'wrong-type' }) }, 'v']);
  });
});
