/**
 * After every test file: nothing may be left behind. Hooks of this file come first and, in reverse order, last.
 */

import { afterAll, beforeAll } from 'vitest';
import { type LeakTracker, trackLeaks } from '../../src/testing/leaks.js';

let tracker: LeakTracker;

beforeAll(() => {
  tracker = trackLeaks();
});

afterAll(() => tracker.assertNoLeaks());
