import { describe, expectTypeOf, it } from 'vitest';
import type { Client, Counted, Found, Results } from '../../../src/memjs.js';

describe("the types of memjs's methods", () => {
  it('are a promise without a callback, and nothing with one', () => {
    const calls = (client: Client) => ({
      get: client.get('k'),
      set: client.set('k', 'v', { expires: 1 }),
      count: client.increment('k', 1, { initial: 0 }),
      flush: client.flush(),
      called: client.get('k', (error, value, flags) => {
        expectTypeOf(error).toEqualTypeOf<Error | null>();
        expectTypeOf(value).toEqualTypeOf<Buffer | null>();
        expectTypeOf(flags).toEqualTypeOf<Buffer | null>();
      }),
      unheard: client.delete('k', null),
      old: client.set('k', 'v', () => undefined, 10),
    });
    type Answers = ReturnType<typeof calls>;
    expectTypeOf<Answers['get']>().toEqualTypeOf<Promise<Found>>();
    expectTypeOf<Answers['set']>().toEqualTypeOf<Promise<boolean>>();
    expectTypeOf<Answers['count']>().toEqualTypeOf<Promise<Counted>>();
    expectTypeOf<Answers['flush']>().toEqualTypeOf<Promise<Results>>();
    expectTypeOf<Answers['called']>().toEqualTypeOf<void>();
    expectTypeOf<Answers['unheard']>().toEqualTypeOf<void>();
    expectTypeOf<Answers['old']>().toEqualTypeOf<void>();
  });

  it('know what a serializer makes of a value', () => {
    const calls = (client: Client<{ readonly id: number }>) => ({
      get: client.get('k'),
      set: client.set('k', { id: 1 }),
    });
    expectTypeOf<ReturnType<typeof calls>['get']>().toEqualTypeOf<Promise<Found<{ readonly id: number }>>>();
  });
});
