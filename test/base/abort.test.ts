import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { onAbort } from '../../src/base/abort.js';

describe('onAbort', () => {
  it('runs every task once with a single listener on the signal', () => {
    const controller = new AbortController();
    let ran = 0;
    for (let i = 0; i < 1_000; i++) onAbort(controller.signal, () => ran++);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
    controller.abort();
    controller.abort();
    expect(ran).toBe(1_000);
  });

  it('runs nothing for a task taken back, and leaves no listener when the last is', () => {
    const controller = new AbortController();
    let ran = 0;
    const task = () => ran++;
    const stops = [onAbort(controller.signal, task), onAbort(controller.signal, task)];
    stops[0]?.();
    stops[0]?.();
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
    stops[1]?.();
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    onAbort(controller.signal, task);
    controller.abort();
    expect(ran).toBe(1);
  });

  it('lets a task take back others while they run', () => {
    const controller = new AbortController();
    const ran: string[] = [];
    let stopSecond = () => {};
    onAbort(controller.signal, () => {
      ran.push('first');
      stopSecond();
    });
    stopSecond = onAbort(controller.signal, () => ran.push('second'));
    controller.abort();
    expect(ran).toEqual(['first']);
  });
});
