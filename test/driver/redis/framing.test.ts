/** Replies of every shape, cut anywhere and broken off anywhere, on a connection whose other end is the test. */

import { Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Operation } from '../../../src/driver/driver.js';
import { RedisConnection } from '../../../src/driver/redis/redis-connection.js';
import { CacheError } from '../../../src/errors.js';

type Reply = null | number | string | { readonly bulk: string } | { readonly error: string } | readonly Reply[];

interface Asked {
  readonly kind: 'raw' | 'get' | 'exact get' | 'store';
  readonly reply: Reply;
  readonly followers?: readonly Reply[];
}

const REFUSAL = { error: 'ERR refused' };
const bulk = fc.record({ bulk: fc.string({ unit: 'binary-ascii', maxLength: 20 }) });
const { reply } = fc.letrec<{ reply: Reply }>((tie) => ({
  reply: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<Reply>(null, 'OK', 'QUEUED', '', REFUSAL),
    fc.integer({ min: -5, max: 1_000_000 }),
    bulk,
    fc.array(tie('reply'), { maxLength: 4 }),
  ),
}));
const asked: fc.Arbitrary<Asked> = fc.oneof(
  fc.record({ kind: fc.constant('raw'), reply }),
  fc.record({ kind: fc.constant('raw'), reply, followers: fc.array(reply, { maxLength: 4 }) }),
  fc.record({ kind: fc.constantFrom('get', 'exact get'), reply: fc.option(bulk) }),
  fc.record({ kind: fc.constant('store'), reply: fc.constantFrom('OK', null) }),
);

function encoded(of: Reply): string {
  if (of === null) return '$-1\r\n';
  if (typeof of === 'number') return `:${of}\r\n`;
  if (typeof of === 'string') return `+${of}\r\n`;
  if ('bulk' in of) return `$${of.bulk.length}\r\n${of.bulk}\r\n`;
  if ('error' in of) return `-${of.error}\r\n`;
  return `*${of.length}\r\n${of.map(encoded).join('')}`;
}

/** What the server answers: to gets next to each other as to one. */
function answers(all: readonly Asked[]): string {
  let wire = '';
  for (let i = 0, end = 0; i < all.length; i = end) {
    for (end = i; all[end]?.kind === 'get'; ) end++;
    if (end > i) wire += encoded(all.slice(i, end).map((one) => one.reply));
    else for (const one of [all[end++] as Asked]) wire += [one.reply, ...(one.followers ?? [])].map(encoded).join('');
  }
  return wire;
}

function told(of: unknown): unknown {
  if (Buffer.isBuffer(of)) return { bulk: of.latin1Slice() };
  if (of instanceof CacheError) return REFUSAL;
  return Array.isArray(of) ? of.map(told) : of;
}

const LOST = new CacheError('ERR_CLOSED', 'broken off');

function connect(maxReplyBytes = 1_000_000) {
  const stream = new Socket();
  stream.write = () => true;
  const connection = new RedisConnection({ stream, socket: stream }, maxReplyBytes);
  const outcomes: unknown[][] = [];
  const send = (all: readonly Asked[]): void =>
    connection.send(
      all.map(({ kind, followers }, i): Operation => {
        const said: unknown[] = [];
        outcomes.push(said);
        const say = (what: unknown): void => void said.push(what);
        const key = `k${i}`;
        const fail = (error: CacheError): void => say({ failed: error });
        if (kind === 'store')
          return {
            kind,
            key,
            mode: 'set',
            bytes: Buffer.from('v'),
            ttlMs: 0,
            done: (ok) => say(ok ? 'OK' : null),
            fail,
          };
        if (kind !== 'raw') {
          const hit = (bytes: Buffer, start: number, end: number): void => say({ bulk: bytes.latin1Slice(start, end) });
          return { kind: 'get', key, isExact: kind === 'exact get', hit, miss: () => say(null), fail };
        }
        const more = followers?.map(() => ['PING']);
        return { kind, key, words: ['PING'], followers: more, takesRefusals: true, done: (of) => say(told(of)), fail };
      }),
    );
  return { stream, connection, outcomes, send };
}

describe('replies to a connection to Redis', () => {
  it('settle each operation once, by its own answer, however they are cut; broken off, the rest fails', () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 30 });
    const property = fc.property(fc.array(asked, { minLength: 1, maxLength: 12 }), cuts, fc.nat(), (all, steps, at) => {
      const { stream, connection, outcomes, send } = connect();
      send(all);
      const wire = Buffer.from(answers(all), 'latin1');
      const stop = at % 2 === 0 ? wire.length : at % wire.length;
      for (let from = 0, i = 0; from < stop; i++) {
        const to = Math.min(stop, from + (steps[i % steps.length] as number));
        stream.emit('data', Buffer.from(wire.subarray(from, to)));
        from = to;
      }
      const answered = outcomes.filter((said) => said.length > 0).length;
      expect(connection.owed).toBe(all.length - answered);
      if (stop === wire.length) expect(answered).toBe(all.length);
      connection.destroy(LOST);
      const expected = all.map(({ reply: first, followers }, i) => {
        if (i >= answered) return [{ failed: LOST }];
        return [followers === undefined ? first : [first, ...followers]];
      });
      expect(outcomes).toEqual(expected);
      expect(connection.owed).toBe(0);
    });
    fc.assert(property, { numRuns: 400 });
  });

  it('of one piece that hold a value too large fail that piece for it, and lose what comes behind', () => {
    const { stream, outcomes, send, connection } = connect(10);
    send([
      { kind: 'raw', reply: null, followers: [null, null] },
      { kind: 'get', reply: null },
    ]);
    stream.emit('data', Buffer.from('+OK\r\n*2\r\n$1\r\nv\r\n$11\r\n'));
    expect(outcomes).toEqual([
      [{ failed: expect.objectContaining({ code: 'ERR_VALUE_TOO_LARGE' }) }],
      [{ failed: expect.objectContaining({ reason: 'lost' }) }],
    ]);
    expect(connection).toMatchObject({ owed: 0, isOpen: false });
  });
});
