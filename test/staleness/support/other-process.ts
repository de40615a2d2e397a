/** A cache in a process of its own, over the same nodes and with the same rules switched off. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import type { CacheOptions } from '../../../src/index.js';
import { type BuiltPackage, buildPackage } from '../../cache/built-package.js';
import type { World } from './world.js';

const PROGRAM = fileURLToPath(new URL('program-that-obeys.js', import.meta.url));

type Call = 'get' | 'set' | 'delete';

export class OtherProcess {
  readonly #child: ChildProcess;
  readonly #open = new Map<number, (value: unknown) => void>();
  #count = 0;

  constructor(child: ChildProcess) {
    this.#child = child;
    if (child.stdout === null) throw new Error('the process has no output');
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { id, value } = JSON.parse(line) as { readonly id: number; readonly value?: unknown };
      this.#open.get(id)?.(value);
      this.#open.delete(id);
    });
  }

  get(key: string): Promise<unknown> {
    return this.#ask('get', key);
  }

  set(key: string, value: unknown): Promise<unknown> {
    return this.#ask('set', key, value);
  }

  delete(key: string): Promise<unknown> {
    return this.#ask('delete', key);
  }

  /** The state of a node as that process sees it. */
  stateOf(node: string): Promise<unknown> {
    return this.#ask('state', node);
  }

  #ask(call: Call | 'state' | 'open', ...args: readonly unknown[]): Promise<unknown> {
    const id = ++this.#count;
    return new Promise((resolve) => {
      this.#open.set(id, resolve);
      this.#child.stdin?.write(`${JSON.stringify({ id, call, args })}\n`);
    });
  }

  open(options: CacheOptions, disabled: readonly string[]): Promise<unknown> {
    return this.#ask('open', options, disabled);
  }
}

/** For files whose tests need other processes: builds the package for them once. */
export function otherProcesses(): (world: World, options: CacheOptions) => Promise<OtherProcess> {
  let built: BuiltPackage | undefined;
  beforeAll(async () => {
    built = await buildPackage();
  });
  afterAll(async () => {
    await built?.remove();
  });
  return async (world, options) => {
    const library = new URL('create-cache.js', built?.index).href;
    const child = spawn(process.execPath, [PROGRAM, library], { stdio: ['pipe', 'pipe', 'inherit'] });
    onTestFinished(async () => {
      child.stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
    });
    const other = new OtherProcess(child);
    await other.open({ ...world.options, ...options }, [...world.disabled]);
    return other;
  };
}
