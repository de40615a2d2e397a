import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fifo } from '../../src/base/fifo.js';

describe('Fifo', () => {
  it('behaves as an array that is pushed and shifted, through growth, wrapping and emptying', () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ push: fc.nat({ max: 40 }) }) },
      { weight: 4, arbitrary: fc.record({ shift: fc.nat({ max: 60 }) }) },
      { weight: 1, arbitrary: fc.constant({ clear: true }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = new Fifo<number>();
        let model: number[] = [];
        let next = 0;
        for (const now of steps) {
          if ('push' in now) {
            for (let i = 0; i < now.push; i++) {
              queue.push(next);
              model.push(next++);
            }
          } else if ('shift' in now) {
            for (let i = 0; i < now.shift; i++) expect(queue.shift()).toBe(model.shift());
          } else {
            queue.clear();
            model = [];
          }
          expect(queue.length).toBe(model.length);
          expect(queue.peek()).toBe(model[0]);
          expect([...queue]).toEqual(model);
        }
      }),
    );
  });

  it('keeps order across a burst of 100,000 and works on after it ran empty', () => {
    const queue = new Fifo<number>();
    for (let i = 0; i < 100_000; i++) queue.push(i);
    let isOrdered = true;
    for (let i = 0; i < 100_000; i++) isOrdered &&= queue.shift() === i;
    expect(isOrdered).toBe(true);
    expect(queue.shift()).toBeUndefined();
    queue.push(7);
    expect([...queue]).toEqual([7]);
  });

  it('holds undefined as an item like any other', () => {
    const queue = new Fifo<undefined>();
    queue.push(undefined);
    expect(queue.length).toBe(1);
    expect([...queue]).toEqual([undefined]);
    queue.shift();
    expect(queue.length).toBe(0);
  });
});
