/** Every command of the table goes where its keys are, or where somebody has decided that it goes. */

import { createRequire } from 'node:module';
import { list } from '@ioredis/commands';
import { Command } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { routeOf } from '../../../src/adapters/ioredis/routes.js';

interface Spec {
  readonly flags: readonly string[];
  readonly keyStart: number;
  readonly subcommands?: Readonly<Record<string, Spec>>;
}

const table = createRequire(import.meta.url)('@ioredis/commands/built/commands.json') as Readonly<Record<string, Spec>>;

/** Commands, and subcommands where there are any, with whether they may have keys. */
const all = Object.entries(table).flatMap(([name, spec]) =>
  Object.entries(spec.subcommands ?? { '': spec }).map(([sub, { keyStart, flags }]) => ({
    name,
    sub,
    hasKeys: keyStart > 0 || flags.includes('movablekeys'),
    route: routeOf(new Command(name, sub === '' ? [] : [sub])),
  })),
);
const told = ({ name, sub }: { name: string; sub: string }) => `${name} ${sub}`.trim();

describe('a route', () => {
  it('is known for every command of the table', () => {
    expect(all.length).toBeGreaterThan(list.length);
  });

  it('of a command with keys is that of its keys', () => {
    const elsewhere = all.filter(
      ({ hasKeys, route }) => hasKeys && !['keys', 'split', 'first', 'blocking'].includes(route),
    );
    // Channels have a key's place, and are no keys; HIMPORT SET builds on what its connection was told before.
    expect(elsewhere.map(told)).toEqual(['himport set', 'spublish', 'ssubscribe', 'sunsubscribe', 'watch']);
  });

  it('of a command without keys is never that of its first argument', () => {
    expect(all.filter(({ hasKeys, route }) => !hasKeys && route === 'keys').map(told)).toEqual([]);
  });

  it('is the same in upper case, and with words given as bytes', () => {
    for (const { name, sub, route } of all)
      expect(routeOf(new Command(name.toUpperCase(), sub === '' ? [] : [Buffer.from(sub.toUpperCase())]))).toBe(route);
  });

  it.each<[string, (string | number)[], string]>([
    ['xread', ['COUNT', 2, 'STREAMS', 'k', '0'], 'keys'],
    ['xread', ['BLOCK', 0, 'STREAMS', 'k', '0'], 'blocking'],
    ['blpop', ['k', 0], 'blocking'],
    ['blpop', ['k', 'never'], 'keys'],
    ['eval', ['return 1', 0], 'first'],
    ['eval', ['return 1', 1, 'k'], 'keys'],
    ['json.get', ['k'], 'keys'],
  ])('of %s %j is %s', (name, words, route) => {
    expect(routeOf(new Command(name, words))).toBe(route);
  });
});
