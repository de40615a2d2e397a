import { describe, expect, it, vi } from 'vitest';
import { call, deliver } from '../../../src/adapters/memjs/deliver.js';
import { uncaught } from './uncaught.js';

const tell = (result: number): readonly unknown[] => [result, 'more'];

describe('the outcome of a call', () => {
  it('is the promise itself without a callback', async () => {
    const work = Promise.resolve(1);
    expect(deliver(work, undefined, tell, [null])).toBe(work);
  });

  it('is told to a callback, with nothing but nulls beside an error', async () => {
    const callback = vi.fn();
    const error = new Error('no');
    expect(deliver(Promise.resolve(1), callback, tell, [null, null])).toBeUndefined();
    expect(deliver(Promise.reject(error), callback, tell, [null, null])).toBeUndefined();
    expect(callback).not.toHaveBeenCalled();
    await vi.waitFor(() => expect(callback).toHaveBeenCalledTimes(2), 10_000);
    expect(callback.mock.calls).toEqual([
      [null, 1, 'more'],
      [error, null, null],
    ]);
  });

  it('is told to nobody where the callback is null', async () => {
    expect(deliver(Promise.reject(new Error('unheard')), null, tell, [null])).toBeUndefined();
    await new Promise(setImmediate);
  });

  it('of which a callback throws ends up with the process, once, and with nobody else', async () => {
    const errors = await uncaught(async () => {
      call(() => {
        throw new Error('of a callback');
      }, []);
      deliver(
        Promise.resolve(1),
        () => {
          throw new Error('of another');
        },
        tell,
        [null],
      );
      await new Promise(setImmediate);
    });
    expect(errors.map(String)).toEqual(['Error: of a callback', 'Error: of another']);
  });
});
