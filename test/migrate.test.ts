/** The pages of docs/migrate: what they replace and what they put in its place run side by side on the same real servers. */

import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BuiltPackage, buildPackage } from './cache/built-package.js';
import { findNutcracker, readPage, Workshop } from './support/migration-page.js';

const pages = readdirSync(new URL('../docs/migrate', import.meta.url)).filter((name) => name.endsWith('.md'));
// Not left out in silence: CI fails without it, and anybody else is told.
const hasProxy = findNutcracker() !== undefined || process.env.CI !== undefined;
if (!hasProxy) console.warn('nutcracker is not installed: the page about twemproxy does not run');
const runnable = pages.filter((name) => name !== 'twemproxy.md' || hasProxy);
describe('migration pages', () => {
  let built: BuiltPackage;

  beforeAll(async () => {
    built = await buildPackage();
  });

  afterAll(() => built.remove());

  it('there is one for every client that people come from', () => {
    expect(pages.sort()).toEqual([
      'ioredis-hashring.md',
      'ioredis.md',
      'memjs.md',
      'node-redis.md',
      'npm-memcached.md',
      'twemproxy.md',
    ]);
  });

  it.each(runnable)('%s: each client reads what the other wrote, and its programs run', async (name) => {
    const page = await readPage(name);
    const workshop = await Workshop.open(page, dirname(fileURLToPath(built.index)));
    try {
      await workshop.write('before.js', page.before);
      await workshop.write('after.js', page.after);
      expect(await workshop.run('run-migration.js')).toBe('10000 keys both ways\n');
      for (const [i, program] of page.programs.entries()) await workshop.run(`program-${i}.js`, program);
    } finally {
      await workshop.close();
    }
    expect(page.changed).toBeLessThanOrEqual(6);
  });
});
