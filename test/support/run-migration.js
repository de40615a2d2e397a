/** Two modules of one page side by side on the same servers, before and after: each reads all that the other wrote. */

import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';

const KEYS = Array.from({ length: 10_000 }, (_, i) => `${['user', 'page/ä', 'k'][i % 3]}:${i * 7919}`);
const BATCH = 250;
/** A key on the wrong server is missed for ever; on a busy machine a deadline may pass a few times. */
const ATTEMPTS = 50;
const PAUSE_MS = 100;

async function forEach(work) {
  for (let at = 0; at < KEYS.length; at += BATCH) await Promise.all(KEYS.slice(at, at + BATCH).map(work));
}

async function eventually(attempt) {
  for (let left = ATTEMPTS; ; left--) {
    try {
      return await attempt();
    } catch (error) {
      if (left === 0) throw error;
      await setTimeout(PAUSE_MS);
    }
  }
}

async function setAll(module, value) {
  await forEach((key) =>
    eventually(async () => assert.notEqual(await module.set(key, value(key), 600), false, `${key} was not set`)),
  );
}

async function expectAll(module, value) {
  await forEach((key) => eventually(async () => assert.equal(await module.get(key), value(key), key)));
}

const before = await import('./before.js');
const after = await import('./after.js');
const [theirs, ours] = [(key) => `theirs ${key}`, (key) => `ours ${key}`];
await setAll(before, theirs);
await expectAll(after, theirs);
await setAll(after, ours);
await expectAll(before, ours);
await before.close();
await after.close();
console.log(`${KEYS.length} keys both ways`);
