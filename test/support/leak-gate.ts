/**
 * After every test file: nothing may be left behind. Hooks of this file come first and, in reverse order, last.
 */

import { afterAll, beforeAll } from 'vitest';
import { type LeakTracker, trackLeaks } from '../../src/testing/leaks.js';

let tracker: LeakTracker;

beforeAll(() => {
  // What is on its way out takes longer on a busy machine; what stays is found all the same.
  tracker = trackLeaks({ settleMs: 10_000 });
});

afterAll(() => tracker.assertNoLeaks());
