/** Two modules of one page side by side on the same servers, before and after: each reads all that the other wrote. */

import assert from 'node:assert/strict';

const KEYS = Array.from({ length: 10_000 }, (_, i) => `${['user', 'page/ä', 'k'][i % 3]}:${i * 7919}`);
const BATCH = 500;

async function forEach(work) {
  for (let at = 0; at < KEYS.length; at += BATCH) await Promise.all(KEYS.slice(at, at + BATCH).map(work));
}

async function expectAll(module, value) {
  await forEach(async (key) => assert.equal(await module.get(key), value(key), key));
}

const before = await import('./before.js');
const after = await import('./after.js');
await forEach((key) => before.set(key, `theirs ${key}`, 600));
await expectAll(after, (key) => `theirs ${key}`);
await forEach((key) => after.set(key, `ours ${key}`, 600));
await expectAll(before, (key) => `ours ${key}`);
await before.close();
await after.close();
console.log(`${KEYS.length} keys both ways`);
