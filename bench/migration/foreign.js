/**
 * memjs writes on while ringfence reads: how many of its writes were hidden (a read that began after memjs had its answer, and
 * got something older), and what was copied to where memjs does not look.
 */

import { createRequire } from 'node:module';
import { open } from './clients.js';

const memjs = createRequire(import.meta.url)('memjs');
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const KEYS = 2_000;
const RATE = 1_000;
const SLICE_MS = 10;

export async function measureForeign(servers, migration, ms) {
  const names = servers.map(({ host, port }) => `${host}:${port}`);
  const urls = servers.map(({ url }) => url);
  const foreign = memjs.Client.create(names.slice(0, -1).join(','), { timeout: 2, retries: 1 });
  const from = { placement: 'npm-memjs', nodes: urls.slice(0, -1) };
  const cache = await open(urls, 'string', { migration: { from, carry: 'all', bounds: false, ...migration } });
  const acknowledged = new Float64Array(KEYS);
  const busy = new Set();
  const result = { foreignWrites: 0, ownWrites: 0, reads: 0, hits: 0, hidden: 0, copied: 0, errors: 0 };
  let serial = 0;

  const write = async (i, isForeign) => {
    // Two writers of one key at once have no order that anybody could tell.
    if (busy.has(i)) return;
    busy.add(i);
    const value = String(++serial);
    if (isForeign) await foreign.set(`key:${i}`, value, { expires: 600 });
    else await cache.set(`key:${i}`, value);
    acknowledged[i] = Number(value);
    result[isForeign ? 'foreignWrites' : 'ownWrites']++;
    busy.delete(i);
  };
  const read = async (i) => {
    const newest = acknowledged[i];
    const value = await cache.get(`key:${i}`);
    result.reads++;
    if (value === undefined) return;
    result.hits++;
    if (Number(value) < newest) result.hidden++;
  };
  const began = performance.now();
  while (performance.now() - began < ms) {
    for (let k = 0; k < (RATE * SLICE_MS) / 1_000; k++) {
      const i = Math.floor(Math.random() * KEYS);
      const dice = Math.random();
      void (dice < 0.25 ? write(i, true) : dice < 0.4 ? write(i, false) : read(i)).catch(() => result.errors++);
    }
    await wait(SLICE_MS);
  }
  await wait(600);
  result.copied = cache.migration.moved;
  foreign.close();
  await cache.close({ timeoutMs: 500 });
  return result;
}
