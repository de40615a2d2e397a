/**
 * Calls that meet: un-awaited sequences on keys of one tag, pipelines over many tags, transactions; drawn by fast-check,
 * and every command at least once. ioredis over one server tells what is right.
 */

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anyOf, type DrawnCall, type Form, sampleOf } from './oracle-arguments.js';
import { type Call, type Client, comparable, failure, invoke, type Outcome, settle } from './oracle-call.js';
import { FORMS } from './oracle-forms.js';
import { compare, type Difference, Sides } from './oracle-sides.js';
import { stateOf } from './oracle-world.js';

const RUNS = 60;
const IN_A_BATCH = 20;

let sides: Sides;

beforeAll(async () => {
  sides = await Sides.open();
});

afterAll(() => sides.close());

/** What answers or acts at random would make the two worlds part. */
const isSteady = (form: Form): boolean => {
  const { isRandom, flags, isContainer } = sides.entryOf(form);
  return !isRandom && !isContainer && !flags.has('blocking') && form.command !== 'spop';
};

/** After an expiry `in so many seconds` these tell the moment of the call. */
const isTimeless = ({ command }: Form): boolean => !['expiretime', 'pexpiretime'].includes(command);

const anyCall = (): fc.Arbitrary<DrawnCall> =>
  fc.oneof(...FORMS.filter((form) => isSteady(form) && isTimeless(form)).map(anyOf));
const anyCalls = (maxLength: number) => fc.array(anyCall(), { minLength: 1, maxLength });

const at = (tag: string, calls: readonly DrawnCall[]): Call[] =>
  calls.map((call) => ({ command: call.command, args: call.at(tag) }));

const UNORDERED = { isRandom: false, isUnordered: true };
const same = (outcomes: readonly [unknown, unknown]) =>
  expect(comparable(outcomes[0], UNORDERED)).toEqual(comparable(outcomes[1], UNORDERED));

/** Chunks of all forms that answer always the same, each with its samples. */
function batches(size: number): Form[][] {
  const steady = FORMS.filter(isSteady);
  return Array.from({ length: Math.ceil(steady.length / size) }, (_, i) => steady.slice(i * size, (i + 1) * size));
}

/** How `exec` ended: its results, or its error with those before it. */
async function execute(chain: Client): Promise<unknown> {
  return Promise.resolve(invoke(chain, 'exec', [])).then(
    (results) => ({ results }),
    (error: unknown): unknown => ({
      ...failure(error),
      previous: error instanceof Error && 'previousErrors' in error ? error.previousErrors : undefined,
    }),
  );
}

function chainOf(client: Client, kind: 'pipeline' | 'multi', calls: readonly Call[]): Client {
  const chain = invoke(client, kind, []);
  if (typeof chain !== 'object' || chain === null) throw new Error(`${kind} answers with a chain`);
  for (const { command, args } of calls) invoke(chain, command, args);
  return chain;
}

describe('against ioredis over one server', () => {
  it('calls in a row on keys of one tag, none awaited, are carried out in their order', async () => {
    await fc.assert(
      fc.asyncProperty(anyCalls(14), async (drawn) => {
        const tag = await sides.freshWorld();
        const calls = at(tag, drawn);
        same(await sides.both((client) => Promise.all(calls.map((call) => settle(client, call)))));
        same(await sides.both((client) => stateOf(client, tag)));
      }),
      { numRuns: RUNS },
    );
  });

  it('every command in a pipeline over keys of many tags answers in its place', async () => {
    const found: Difference[] = [];
    for (const forms of batches(IN_A_BATCH)) {
      const tagged = await Promise.all(forms.map(async (form) => ({ form, tag: await sides.freshWorld() })));
      const calls = tagged.map(({ form, tag }) => ({ command: form.command, args: sampleOf(form, tag) }));
      const outcomes = await sides.both((client) => execute(chainOf(client, 'pipeline', calls)));
      found.push(...compare(forms.map(({ command }) => command).join(), [sorted(outcomes[0]), sorted(outcomes[1])]));
      for (const { tag } of tagged) found.push(...compare(tag, await sides.both((client) => stateOf(client, tag))));
    }
    expect(found).toEqual([]);
  });

  it('every command in a transaction on keys of one tag answers in its place', async () => {
    const found: Difference[] = [];
    for (const forms of batches(IN_A_BATCH)) {
      const tag = await sides.freshWorld();
      const calls = forms.map((form) => ({ command: form.command, args: sampleOf(form, tag) }));
      const outcomes = await sides.both((client) => execute(chainOf(client, 'multi', calls)));
      found.push(...compare(forms.map(({ command }) => command).join(), [sorted(outcomes[0]), sorted(outcomes[1])]));
      found.push(...compare(tag, await sides.both((client) => stateOf(client, tag))));
    }
    expect(found).toEqual([]);
  });

  it('pipelines of any calls over several tags end the same', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(2), anyCall()), { maxLength: 16 }), async (drawn) => {
        const tags = await Promise.all([0, 1, 2].map(() => sides.freshWorld()));
        const calls = drawn.map(([which, call]) => ({ command: call.command, args: call.at(tags[which] ?? '') }));
        same(await sides.both((client) => execute(chainOf(client, 'pipeline', calls))));
        for (const tag of tags) same(await sides.both((client) => stateOf(client, tag)));
      }),
      { numRuns: RUNS },
    );
  });

  it('transactions of any calls end the same, also between other calls that nobody awaits', async () => {
    await fc.assert(
      fc.asyncProperty(anyCalls(4), anyCalls(6), anyCalls(4), async (before, inside, after) => {
        const tag = await sides.freshWorld();
        const run = async (client: Client): Promise<unknown> => {
          const first = at(tag, before).map((call) => settle(client, call));
          const chain = execute(chainOf(client, 'multi', at(tag, inside)));
          const last = at(tag, after).map((call) => settle(client, call));
          return [await Promise.all<Outcome>(first), await chain, await Promise.all<Outcome>(last)];
        };
        same(await sides.both(run));
        same(await sides.both((client) => stateOf(client, tag)));
      }),
      { numRuns: RUNS },
    );
  });

  it('a transaction with a call that the server refuses is discarded, and says why', async () => {
    const tag = await sides.freshWorld();
    const calls = [
      { command: 'set', args: [`{${tag}}:str`, 'changed'] },
      { command: 'get', args: [`{${tag}}:str`, 'too', 'many'] },
    ];
    same(await sides.both((client) => execute(chainOf(client, 'multi', calls))));
    same(await sides.both((client) => stateOf(client, tag)));
  });
});

const sorted = (value: unknown): unknown => comparable(value, UNORDERED);
