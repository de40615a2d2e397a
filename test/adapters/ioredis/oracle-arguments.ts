/**
 * The little language in which forms of commands are written: `@list` is a key of the seeded world, `$score` an argument
 * with a fixed sample and an arbitrary, everything else stands for itself.
 */

import fc from 'fast-check';

export type Argument = string | number | Buffer;

interface Kind {
  readonly sample: Argument;
  readonly any: fc.Arbitrary<Argument>;
}

const kind = (sample: Argument, any: fc.Arbitrary<Argument>): Kind => ({ sample, any });

const text = fc.oneof(
  fc.constantFrom('', 'x', '12', '-3.5', 'häß\r\n€', '10'),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
const bytes = fc.uint8Array({ maxLength: 12 }).map((part) => Buffer.from(part));

/** What `$name` may stand for. Names, members and fields come from few values, so that calls of a sequence meet. */
const KINDS: Readonly<Record<string, Kind>> = {
  value: kind('v1', fc.oneof(text, bytes, fc.integer())),
  bytes: kind(Buffer.from([0, 255, 13, 10, 128]), bytes),
  dump: kind(Buffer.from('000568656c6c6f0a006372df766534200a', 'hex'), fc.constant(Buffer.from('not a dump'))),
  member: kind('b', fc.constantFrom('a', 'b', 'c', 'd', 'e', '3')),
  field: kind('f1', fc.constantFrom('f1', 'f2', 'n', 'g')),
  index: kind(1, fc.integer({ min: -6, max: 6 })),
  count: kind(2, fc.integer({ min: 1, max: 5 })),
  bit: kind(1, fc.constantFrom(0, 1)),
  offset: kind(7, fc.integer({ min: 0, max: 70 })),
  delta: kind(3, fc.integer({ min: -1000, max: 1000 })),
  float: kind(2.5, fc.constantFrom(0.5, -1.25, 3, '2.50', 'x')),
  score: kind(2, fc.constantFrom(0, 1, 2, 2.5, -1, '+inf', '-inf')),
  min: kind('-inf', fc.constantFrom('-inf', 0, 1, '(1', 2)),
  max: kind('+inf', fc.constantFrom('+inf', 2, '(3', 3, 'oops')),
  lexmin: kind('-', fc.constantFrom('-', '[a', '(b')),
  lexmax: kind('+', fc.constantFrom('+', '[c', '(d')),
  seconds: kind(1000, fc.constantFrom(1000, 5000, '1000')),
  millis: kind(1_000_000, fc.constantFrom(1_000_000, 5_000_000)),
  lon: kind(13.4, fc.constantFrom(13.4, 2.35, -0.12)),
  lat: kind(52.5, fc.constantFrom(52.5, 48.85, 51.5)),
};

export interface Form {
  readonly command: string;
  /** Words of the little language; the first is a subcommand where the command has any. */
  readonly words: readonly string[];
}

/** `zadd @zset $score $member` as a form of zadd; `tail` holds arguments with blanks in them. */
export function form(line: string, ...tail: readonly string[]): Form {
  const [command = '', ...words] = line.split(' ');
  return { command, words: [...words, ...tail] };
}

/** The command, or `container subcommand` where the table has those. */
export function nameOf({ command, words }: Form, isKnown: (name: string) => boolean): string {
  const both = `${command} ${words[0]?.toLowerCase()}`;
  return isKnown(both) ? both : command;
}

/** With samples for what varies. */
export function sampleOf({ words }: Form, tag: string): Argument[] {
  return words.map((word) => (word.startsWith('$') ? kindOf(word).sample : literal(word, tag)));
}

export interface DrawnCall {
  readonly command: string;
  at(tag: string): Argument[];
}

export function anyOf({ command, words }: Form): fc.Arbitrary<DrawnCall> {
  const parts = words.map((word) => (word.startsWith('$') ? kindOf(word).any : fc.constant(word)));
  return fc.tuple(...parts).map((drawn) => ({
    command,
    at: (tag) => drawn.map((part, i) => (words[i]?.startsWith('$') ? part : literal(String(part), tag))),
    [fc.toStringMethod]: () => [command, ...drawn.map((part) => fc.stringify(part))].join(' '),
  }));
}

function kindOf(word: string): Kind {
  const found = KINDS[word.slice(1)];
  if (found === undefined) throw new Error(`no kind of argument is called ${word}`);
  return found;
}

function literal(word: string, tag: string): string {
  return word.startsWith('@') ? `{${tag}}:${word.slice(1)}` : word;
}
