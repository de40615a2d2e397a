import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { stopwatch } from './stopwatch.js';

const nobody = new Int32Array(new SharedArrayBuffer(4));

describe('a stopwatch', () => {
  it('counts what is waited for', async () => {
    const waited = async (): Promise<number> => {
      const ownMs = stopwatch();
      await sleep(50);
      return ownMs();
    };
    // Less in a moment in which this machine is busy with others, and such moments pass.
    await expect.poll(waited).toBeGreaterThan(40);
  });

  it('leaves out what the event loop stood still for, told before the loop runs again and after', async () => {
    const [ownMs, beganAt] = [stopwatch(), performance.now()];
    Atomics.wait(nobody, 0, 0, 300);
    expect(performance.now() - beganAt).toBeGreaterThan(290);
    expect(ownMs()).toBeLessThan(100);
    await new Promise((resolve) => setImmediate(resolve));
    expect(ownMs()).toBeLessThan(100);
  });

  it('leaves out many short moments together, though others begin in between', () => {
    const first = stopwatch();
    for (let i = 0; i < 50; i++) {
      Atomics.wait(nobody, 0, 0, 2);
      stopwatch();
    }
    expect(first()).toBeLessThan(50);
  });
});
