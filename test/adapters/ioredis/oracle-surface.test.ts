/**
 * The surface around the commands, against ioredis over one server: forms of arguments, callbacks, chains as lists,
 * scripts by name, what is split over nodes or gathered from all of them, commands that the servers do not know.
 */

import { setImmediate as turn } from 'node:timers/promises';
import { list } from '@ioredis/commands';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, comparable, invoke, settle } from './oracle-call.js';
import { compare, type Difference, Sides } from './oracle-sides.js';

let sides: Sides;

beforeAll(async () => {
  sides = await Sides.open();
});

afterAll(() => sides.close());

const EXACT = { isRandom: false, isUnordered: false };
const UNORDERED = { isRandom: false, isUnordered: true };
const same = (outcomes: readonly [unknown, unknown], how = EXACT) =>
  expect(comparable(outcomes[0], how)).toEqual(comparable(outcomes[1], how));

const ask = (client: Client, method: string, ...args: readonly unknown[]): Promise<unknown> =>
  Promise.resolve(invoke(client, method, args)).then(
    (value) => ({ value }),
    (error: unknown): unknown => comparable(error, EXACT),
  );

const chain = (value: unknown): Client => {
  if (typeof value !== 'object' || value === null) throw new Error('not a chain');
  return value;
};

async function drain(stream: unknown): Promise<unknown[]> {
  if (typeof stream !== 'object' || stream === null || !(Symbol.asyncIterator in stream)) throw new Error('no stream');
  const found: unknown[] = [];
  for await (const part of stream as AsyncIterable<unknown[]>) found.push(...part);
  return found;
}

/**
 * The first ioredis carries out in part itself, in a state of the connection; the second concerns the writes of one
 * connection; the others a server, and are refused here.
 */
const NOT_COMPARED = new Set(['himport', 'waitaof', 'backup', 'hotkeys', 'trimslots']);

/** Many keys, on several nodes. */
const keys = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

describe('against ioredis over one server', () => {
  it('arguments are taken in the same forms', async () => {
    const circle = 'häß€';
    const calls: readonly (readonly [string, ...unknown[]])[] = [
      ['mset', { 'form:a': 1, 'form:b': 'two' }],
      ['mset', new Map<string, unknown>([['form:c', Buffer.from([0, 255])]])],
      ['mset', ['form:d', 1.5, 'form:e', circle]],
      ['mget', ['form:a', 'form:b', 'form:c', 'form:d', 'form:e']],
      ['mgetBuffer', 'form:a', 'form:c', 'form:none'],
      ['msetnx', { '{form}:a': 1, '{form}:b': 2 }],
      ['hset', 'form:hash', { a: 1, b: circle }],
      ['hset', 'form:hash', new Map([['c', 3]])],
      ['hmset', 'form:hash', { d: 'x' }],
      ['hgetall', 'form:hash'],
      ['hgetallBuffer', 'form:hash'],
      ['set', 'form:null', null],
      ['set', 'form:undefined', undefined],
      ['mget', 'form:null', 'form:undefined'],
      ['set', 'form:true', true],
      ['set', 'form:list', [1, 2]],
      ['set', Buffer.from('form:bytes'), Buffer.from([1, 2, 3])],
      ['getBuffer', 'form:bytes'],
      ['set', 123, 456n],
      ['get', 123],
      ['set', '', 'the empty key'],
      ['get', ''],
      ['set', 'form:nested', ['v', ['EX'], 1000]],
      ['rpush', 'form:l', ...Array.from({ length: 500 }, (_, i) => i)],
      ['lrange', 'form:l', 0, -1],
      ['set', 'form:long', 'x'.repeat(300_000)],
      ['get', 'form:long'],
    ];
    for (const [method, ...args] of calls) same(await sides.both((client) => ask(client, method, ...args)));
  });

  it('a callback is called once, with the same error or value, and a failure it was told of is nobody else’s', async () => {
    const unheard: unknown[] = [];
    const listen = (reason: unknown) => unheard.push(reason);
    process.on('unhandledRejection', listen);
    const told = await sides.both(async (client) => {
      const calls: unknown[] = [];
      const note = (error: unknown, value?: unknown) => calls.push([comparable(error, EXACT), value]);
      invoke(client, 'set', ['cb', 'v', note]);
      invoke(client, 'lpush', ['cb', 'v', note]);
      invoke(client, 'getBuffer', ['cb', note]);
      invoke(chain(invoke(client, 'pipeline', [])), 'exec', [note]);
      const pipeline = chain(invoke(client, 'pipeline', []));
      invoke(pipeline, 'get', ['cb', note]);
      invoke(pipeline, 'lpush', ['cb', 'x', note]);
      await invoke(pipeline, 'exec', [note]);
      await settle(client, { command: 'get', args: ['cb'] });
      return calls;
    });
    await turn();
    process.off('unhandledRejection', listen);
    same([sortedByText(told[0]), sortedByText(told[1])]);
    expect(unheard).toEqual([]);
  });

  it('chains may be given as lists, and tell their length', async () => {
    const batch = [
      ['set', '{batch}:a', 1],
      ['incr', '{batch}:a'],
      ['get', '{batch}:a'],
    ];
    for (const kind of ['pipeline', 'multi']) {
      same(
        await sides.both(async (client) => {
          const made = chain(invoke(client, kind, [batch]));
          return [Reflect.get(made, 'length'), await ask(made, 'exec')];
        }),
      );
    }
  });

  it('scripts by name take their keys, also in chains, from where they were loaded and where they were not', async () => {
    const lua = 'return {KEYS[1], KEYS[2] or false, ARGV[1] or false, redis.call("incr", KEYS[1])}';
    await sides.both(async (client) => {
      invoke(client, 'defineCommand', ['bump', { numberOfKeys: 1, lua }]);
      invoke(client, 'defineCommand', ['bumpMany:1.0', { lua }]);
    });
    for (let i = 0; i < 6; i++) {
      same(await sides.both((client) => ask(client, 'bump', `script:${i}`, 'arg')));
      same(await sides.both((client) => ask(client, 'bumpBuffer', [`script:${i}`, Buffer.from([255])])));
      same(await sides.both((client) => ask(client, 'bumpMany:1.0', 2, `{script:${i}}a`, `{script:${i}}b`, 'arg')));
      for (const kind of ['pipeline', 'multi']) {
        same(
          await sides.both(async (client) => {
            const made = chain(invoke(client, kind, []));
            invoke(made, 'bump', [`script:${i}`, 'x']);
            invoke(made, 'get', [`script:${i}`]);
            return ask(made, 'exec');
          }),
        );
      }
      if (i === 2) await sides.both((client) => ask(client, 'script', 'FLUSH'));
    }
    same(await sides.both((client) => ask(client, 'bump', '{script:0}a', '{script:0}b', '{script:0}c')));
  });

  it('mget, mset, del, unlink, exists and touch are split over nodes and answer as one', async () => {
    const anyKey = fc.constantFrom(...keys('split:', 12));
    const command = fc.constantFrom('mget', 'mgetBuffer', 'mset', 'del', 'unlink', 'exists', 'touch');
    const call = fc.tuple(command, fc.array(anyKey, { minLength: 1, maxLength: 10 }));
    await fc.assert(
      fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 8 }), async (drawn) => {
        const calls = drawn.map(([method, names], i) => ({
          command: method,
          args: method === 'mset' ? names.flatMap((name, j) => [name, `${i}.${j}`]) : names,
        }));
        await sides.both((client) => ask(client, 'rpush', 'split:0', 'not a string'));
        same(await sides.both((client) => Promise.all(calls.map((each) => settle(client, each)))));
        same(await sides.both((client) => ask(client, 'mget', keys('split:', 12))));
        await sides.both((client) => ask(client, 'del', keys('split:', 12)));
      }),
      { numRuns: 60 },
    );
  });

  it('keys, scans and their size are gathered from all nodes', async () => {
    const names = keys('gather:', 300);
    await sides.both((client) => ask(client, 'flushall'));
    await sides.both((client) => ask(client, 'mset', Object.fromEntries(names.map((name) => [name, 1]))));
    await sides.both((client) => ask(client, 'sadd', 'gather:set', ...names));
    same(await sides.both((client) => ask(client, 'dbsize')));
    same(await sides.both((client) => ask(client, 'keys', 'gather:1*')), UNORDERED);
    same(await sides.both((client) => ask(client, 'keysBuffer', 'gather:2?')), UNORDERED);
    const options = [undefined, { match: 'gather:1*' }, { count: 7 }, { type: 'set' }];
    for (const option of options) {
      same(await sides.both((client) => drain(invoke(client, 'scanStream', [option]))), UNORDERED);
    }
    same(await sides.both((client) => drain(invoke(client, 'scanBufferStream', [{ match: 'gather:3*' }]))), UNORDERED);
    same(await sides.both((client) => drain(invoke(client, 'sscanStream', ['gather:set']))), UNORDERED);
    same(await sides.both((client) => allByCursor(client)), UNORDERED);
    same(await sides.both((client) => ask(client, 'flushdb')));
    same(await sides.both((client) => ask(client, 'dbsize')));
  });

  it('commands that these servers do not know fail as they do with one', async () => {
    const unknown = list.filter((name) => !sides.table.has(name));
    expect(unknown.length).toBeGreaterThan(40);
    const found: Difference[] = [];
    for (const name of unknown.filter((each) => typeof Reflect.get(sides.oracle, each) === 'function')) {
      if (NOT_COMPARED.has(name)) continue;
      found.push(...compare(name, await sides.both((client) => ask(client, name, '{k}', '{k}1', '{k}2', 3))));
    }
    found.push(...compare('call', await sides.both((client) => ask(client, 'call', 'nonsense', 'k'))));
    expect(found).toEqual([]);
  });
});

async function allByCursor(client: Client): Promise<unknown[]> {
  const found: unknown[] = [];
  let cursor = '0';
  do {
    const step = await invoke(client, 'scan', [cursor, 'COUNT', 50]);
    if (!Array.isArray(step) || !Array.isArray(step[1])) throw new Error('scan answers with a cursor and a list');
    cursor = String(step[0]);
    found.push(...step[1]);
  } while (cursor !== '0');
  return found;
}

const sortedByText = (calls: readonly unknown[]) =>
  calls.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
