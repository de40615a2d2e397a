/** The package as a program gets it, built from the sources of this moment into a folder of its own. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface BuiltPackage {
  /** For `import()`. */
  readonly index: string;
  remove(): Promise<void>;
}

export async function buildPackage(): Promise<BuiltPackage> {
  // Below node_modules, so that it finds its dependencies. Types are checked elsewhere.
  const folder = await mkdtemp(join(ROOT, 'node_modules', '.ringfence-built-'));
  const compiler = spawn(join(ROOT, 'node_modules/.bin/tsc'), ['-p', 'src', '--outDir', folder], { cwd: ROOT });
  await once(compiler, 'exit');
  return {
    index: pathToFileURL(join(folder, 'index.js')).href,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
