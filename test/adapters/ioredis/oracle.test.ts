/**
 * ioredis over one server is the oracle: the same calls through the façade over three nodes end the same way, in values,
 * types, error names and messages, and leave the same keys behind.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Form, sampleOf } from './oracle-arguments.js';
import { settle, WAYS, type Way } from './oracle-call.js';
import { BLOCKING_FORMS, CODE_FORMS, FLUSH_FORMS, FORMS, KEYLESS_FORMS } from './oracle-forms.js';
import { reasonToLeaveOut } from './oracle-left-out.js';
import { compare, type Difference, Sides } from './oracle-sides.js';
import { stateOf } from './oracle-world.js';

const AT_ONCE = 24;

let sides: Sides;
const ran = new Set<string>();

beforeAll(async () => {
  sides = await Sides.open();
});

afterAll(() => sides.close());

/** In a world of its own; afterwards both worlds are the same, unless it chose at random what it changed. */
async function differencesOf(form: Form, way: Way): Promise<Difference[]> {
  const entry = sides.entryOf(form);
  const tag = await sides.freshWorld();
  const call = { command: form.command, args: sampleOf(form, tag) };
  const oracle = way === 'upper case' ? sides.oracle2 : sides.oracle;
  const outcomes = await sides.both((client) => settle(client, call, way), oracle);
  if (!entry.isContainer) ran.add(entry.name);
  const what = `${[form.command, ...form.words].join(' ')} (${way})`;
  const ended = sides.compareOutcomes(what, entry, outcomes);
  if (entry.isRandom && entry.flags.has('write')) return ended;
  return [...ended, ...compare(`what is left by ${what}`, await sides.both((client) => stateOf(client, tag)))];
}

async function runAll<T>(cases: readonly T[], run: (each: T) => Promise<Difference[]>): Promise<Difference[]> {
  const found: Difference[] = [];
  const rest = cases.values();
  const worker = async () => {
    for (const each of rest) found.push(...(await run(each)));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return found;
}

const inWays = (forms: readonly Form[], ways = WAYS) => forms.flatMap((form) => ways.map((way) => ({ form, way })));

describe('against ioredis over one server, a call', () => {
  it('ends the same and leaves the same keys, with every command, in every form and way', async () => {
    const found = await runAll(inWays(FORMS), ({ form, way }) => differencesOf(form, way));
    expect(found).toEqual([]);
  });

  it('ends the same where it may block', async () => {
    const found = await runAll(inWays(BLOCKING_FORMS, ['promise', 'callback', 'buffer']), ({ form, way }) =>
      differencesOf(form, way),
    );
    expect(found).toEqual([]);
  });

  it('ends the same without a key', async () => {
    expect(await runAll(inWays(KEYLESS_FORMS), ({ form, way }) => differencesOf(form, way))).toEqual([]);
  });

  it('loads and calls scripts and functions as if there were one server', async () => {
    const found: Difference[] = [];
    for (const way of WAYS) for (const form of CODE_FORMS) found.push(...(await differencesOf(form, way)));
    expect(found).toEqual([]);
  });

  it('fails with the same message on a key of another type', async () => {
    const found = await runAll(FORMS.filter(hasKey), (form) => differencesOf(onWrongType(form), 'promise'));
    expect(found).toEqual([]);
  });

  it('fails with the same message with too few or too many arguments', async () => {
    const found = await runAll([...FORMS.flatMap(withWrongArity)], (form) => differencesOf(form, 'promise'));
    expect(found).toEqual([]);
  });

  it('empties everything', async () => {
    const found: Difference[] = [];
    for (const form of FLUSH_FORMS) found.push(...(await differencesOf(form, 'promise')));
    expect(found).toEqual([]);
  });

  it('was made with at least 200 commands of the table, and for every other there is a reason to leave it out', () => {
    const names = [...sides.table.values()].filter(({ isContainer }) => !isContainer).map(({ name }) => name);
    const leftOut = names.filter((name) => reasonToLeaveOut(name) !== undefined);
    console.info(`${ran.size} commands of ${names.length} were run, ${leftOut.length} left out`);
    expect(names.filter((name) => !ran.has(name) && reasonToLeaveOut(name) === undefined)).toEqual([]);
    expect(leftOut.filter((name) => ran.has(name))).toEqual([]);
    expect(ran.size).toBeGreaterThanOrEqual(200);
  });
});

const hasKey = ({ words }: Form): boolean => words.some((word) => word.startsWith('@'));

function onWrongType({ command, words }: Form): Form {
  return {
    command,
    words: words.map((word) => (word.startsWith('@') ? (word === '@list' ? '@hash' : '@list') : word)),
  };
}

/** Without its last argument, with none, and with one more, which may be taken for a key. */
function withWrongArity({ command, words }: Form): Form[] {
  return [words.slice(0, -1), [], [...words, '@none']].map((changed) => ({ command, words: changed }));
}
