/**
 * A server that runs already, where none can be started: a container, say. `RINGFENCE_REDIS_URLS` and
 * `RINGFENCE_MEMCACHED_URLS` list them, separated by commas.
 *
 * A borrower has the server to itself, all processes of a test run considered, and finds it empty. What needs the process
 * of the server is refused in one sentence, and a test that asks for it fails.
 */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { askOnce } from './ask-once.js';
import { noteStarted, type ServerKind } from './started-servers.js';
import type { TestServer } from './test-server.js';

const VARIABLES: Readonly<Record<ServerKind, string>> = {
  redis: 'RINGFENCE_REDIS_URLS',
  memcached: 'RINGFENCE_MEMCACHED_URLS',
};
const BINARIES: Readonly<Record<ServerKind, string>> = { redis: 'redis-server', memcached: 'memcached' };
const EMPTYING: Readonly<Record<ServerKind, string>> = { redis: 'FLUSHALL\r\n', memcached: 'flush_all\r\n' };
const BORROW_LIMIT_MS = 60_000;
const POLL_MS = 50;

/** Whether there are servers of this kind to be borrowed. */
export function canBorrow(kind: ServerKind): boolean {
  return urlsOf(kind).length > 0;
}

/** Waits for a free one, up to a minute. `isPlain`: the test asks for no option that this server may not have. */
export async function borrowServer(kind: ServerKind, isPlain: boolean): Promise<TestServer> {
  if (!isPlain) throw new Error(`this test needs a ${kind} with options of its own: install ${BINARIES[kind]}`);
  const end = performance.now() + BORROW_LIMIT_MS;
  while (performance.now() < end) {
    for (const url of urlsOf(kind)) {
      const lock = lockOf(url);
      if (!take(lock)) continue;
      const server = new BorrowedServer(kind, url, lock);
      await server.empty();
      noteStarted(kind);
      return server;
    }
    await sleep(POLL_MS);
  }
  throw new Error(`this test needs more ${kind} servers than ${VARIABLES[kind]} lists: install ${BINARIES[kind]}`);
}

class BorrowedServer implements TestServer {
  readonly kind: ServerKind;
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly path = undefined;
  readonly certificate = undefined;
  readonly directory: string;
  #isBorrowed = true;

  constructor(kind: ServerKind, url: string, lock: string) {
    const { hostname, port } = new URL(url);
    this.kind = kind;
    this.url = url;
    this.host = hostname;
    this.port = Number(port);
    this.directory = lock;
  }

  get isRunning(): boolean {
    return this.#isBorrowed;
  }

  get pid(): number {
    throw this.#refusal();
  }

  async empty(): Promise<void> {
    const answer = await askOnce(this, EMPTYING[this.kind], (text) => text.endsWith('OK\r\n'));
    if (answer === undefined) throw new Error(`${this.url} does not answer`);
  }

  async stop(): Promise<void> {
    this.#isBorrowed = false;
    rmSync(this.directory, { recursive: true, force: true });
  }

  async kill9(): Promise<void> {
    throw this.#refusal();
  }

  async terminate(): Promise<void> {
    throw this.#refusal();
  }

  async pause(): Promise<void> {
    throw this.#refusal();
  }

  resume(): void {
    throw this.#refusal();
  }

  async restart(): Promise<void> {
    throw this.#refusal();
  }

  #refusal(): Error {
    return new Error(`this test must stop or kill its ${this.kind} itself: install ${BINARIES[this.kind]}`);
  }
}

function urlsOf(kind: ServerKind): string[] {
  return (process.env[VARIABLES[kind]] ?? '').split(',').filter((url) => url !== '');
}

/** A directory, since making one fails if it is there already, whoever made it. */
function lockOf(url: string): string {
  return join(tmpdir(), `ringfence-borrowed-${url.replace(/[^a-z0-9]+/gi, '-')}`);
}

function take(lock: string): boolean {
  try {
    mkdirSync(lock);
  } catch {
    if (isHeld(lock)) return false;
    // Its holder died without giving it back; another may be quicker to notice, and then the next round decides.
    rmSync(lock, { recursive: true, force: true });
    return false;
  }
  writeFileSync(join(lock, 'holder'), String(process.pid));
  return true;
}

function isHeld(lock: string): boolean {
  try {
    process.kill(Number(readFileSync(join(lock, 'holder'), 'utf8')), 0);
    return true;
  } catch (error) {
    // No name in it yet means that its holder is about to write it.
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}
