import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/base/clock.js';

describe('the clock of the system', () => {
  it('lets a timer that is longer than Node can hold wait, and not fire at once', () => {
    vi.useFakeTimers();
    try {
      const task = vi.fn();
      for (const ms of [2 ** 31, 2 ** 40, Number.MAX_VALUE, Number.POSITIVE_INFINITY]) systemClock.setTimer(task, ms);
      vi.advanceTimersByTime(24 * 24 * 60 * 60 * 1_000);
      expect(task).not.toHaveBeenCalled();
    } finally {
      vi.useRealTimers();
    }
  });
});
