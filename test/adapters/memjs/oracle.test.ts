/**
 * The same calls through memjs and through ours, on the same servers: single calls, sequences that are awaited and sequences
 * that are not, in every form of call. What is stored in the end is read by both clients, from both clients' keys.
 */

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from '../../../src/memjs.js';
import { startMemcached } from '../../../src/testing/servers/memcached-server.js';
import type { TestServer } from '../../../src/testing/servers/test-server.js';
import { createMemjs, type RealClient } from './real-memjs.js';

type Form = 'promise' | 'callback' | 'options and callback';
interface Step {
  readonly name: string;
  readonly key: number;
  readonly words: readonly unknown[];
  readonly form: Form;
}

/** Travels apart from small ones. */
const LARGE = 'x'.repeat(70_000);
const value = fc.oneof(
  fc.constant(LARGE),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  fc.nat(1000).map(String),
);
const expires = fc.constantFrom(undefined, 0, 60, 86_400, 2_592_000, 4_000_000_000);
const options = fc.record({ expires }, { requiredKeys: [] });
const form = fc.constantFrom<Form>('promise', 'callback', 'options and callback');
const key = fc.nat(3);
const amount = fc.nat(2 ** 31);
const step = fc.oneof(
  fc.record({ name: fc.constant('get'), key, words: fc.constant([]), form }),
  fc.record({ name: fc.constant('delete'), key, words: fc.constant([]), form }),
  fc.record({ name: fc.constantFrom('set', 'add', 'replace'), key, words: fc.tuple(value, options), form }),
  fc.record({ name: fc.constant('append'), key, words: fc.tuple(fc.constantFrom('', 'x', Buffer.from('ÿ\0'))), form }),
  fc.record({ name: fc.constant('touch'), key, words: fc.tuple(expires), form }),
  fc.record({
    name: fc.constantFrom('increment', 'decrement'),
    key,
    words: fc.tuple(fc.oneof(amount, fc.nat(10)), fc.record({ initial: fc.nat(100), expires }, { requiredKeys: [] })),
    form,
  }),
) as fc.Arbitrary<Step>;

const HAS_OPTIONS = new Set(['set', 'add', 'replace', 'increment', 'decrement']);

/** The outcome, comparable: an error is an error, whatever it says. */
function ask(client: RealClient, prefix: string, { name, key: n, words, form: how }: Step): Promise<unknown> {
  const method = (...all: unknown[]): unknown => client[name]?.(`${prefix}${n}`, ...all);
  const old = how === 'callback' && HAS_OPTIONS.has(name);
  if (how === 'promise')
    return Promise.resolve(method(...words)).then(
      (result) => ({ result }),
      () => 'error',
    );
  return new Promise((resolve) => {
    const callback = (error: unknown, ...results: unknown[]): void =>
      // Beside an error memjs passes one null or two.
      resolve(error === null ? { results } : 'error');
    method(...(old ? words.slice(0, 1) : words), callback);
  });
}

/**
 * Where ours differs: nothing to append to is told as `false`, and a counter that shrank has no blanks behind it (in the binary
 * protocol it has, unless a reply that holds the item is under way).
 */
function repaired(outcome: unknown, { name, form: how }: Step): unknown {
  if (name === 'append' && outcome === 'error') return how === 'promise' ? { result: false } : { results: [false] };
  return trimmed(outcome);
}

function trimmed(outcome: unknown): unknown {
  if (Buffer.isBuffer(outcome)) return outcome.latin1Slice().replace(/^(\d+) +/, '$1');
  if (Array.isArray(outcome)) return outcome.map(trimmed);
  if (typeof outcome !== 'object' || outcome === null) return outcome;
  return Object.fromEntries(Object.entries(outcome).map(([name, part]) => [name, trimmed(part)]));
}

async function run(client: RealClient, prefix: string, steps: readonly Step[], isAwaited: boolean) {
  const outcomes: unknown[] = [];
  const asked: Promise<unknown>[] = [];
  for (const one of steps) {
    const work = ask(client, prefix, one);
    if (isAwaited) outcomes.push(repaired(await work, one));
    else asked.push(work.then((outcome) => repaired(outcome, one)));
  }
  return [...outcomes, ...(await Promise.all(asked))];
}

describe.each(['meta', 'binary'] as const)('beside memjs, speaking %s', (protocol) => {
  let servers: TestServer[] = [];
  let real: RealClient;
  let client: Client;
  let runs = 0;

  beforeAll(async () => {
    servers = await Promise.all([startMemcached(), startMemcached(), startMemcached()]);
    const list = servers.map(({ host, port }) => `${host}:${port}`).join();
    // With two attempts memjs would repeat a refused append.
    real = createMemjs(list, { timeout: 5 });
    client = Client.create(list, { protocol, timeout: 5, logger: { log: () => undefined } });
  });

  afterAll(async () => {
    real?.close?.();
    await client?.close();
    await Promise.all(servers.map((server) => server.stop()));
  });

  it.each([
    ['awaited', true],
    ['not awaited', false],
  ] as const)('the same calls, %s, have the same answers and leave the same behind', async (_, isAwaited) => {
    const ours = client as never as RealClient;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 20 }), async (steps) => {
        runs++;
        const [m, o] = [`m${runs}:`, `o${runs}:`];
        const expected = await run(real, m, steps, isAwaited);
        expect(await run(ours, o, steps, isAwaited)).toEqual(expected);
        for (let n = 0; n <= 3; n++) {
          const get: Step = { name: 'get', key: n, words: [], form: 'promise' };
          const left = trimmed(await ask(real, m, get));
          expect(trimmed(await ask(real, o, get))).toEqual(left);
          expect(trimmed(await ask(ours, o, get))).toEqual(left);
          expect(trimmed(await ask(ours, m, get))).toEqual(left);
        }
      }),
      { numRuns: 120 },
    );
  });
});
