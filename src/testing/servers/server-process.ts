/**
 * A real server as a child process on loopback: started, paused, killed and restarted on its own port and directory.
 *
 * It ends with this process in any case: by `stop`, by the exit guard, and on Linux by the kernel's parent-death signal
 * if this process is killed without a word.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findBinary, requireBinary } from './binary.js';
import type { Certificate } from './certificate.js';
import { freePort, LOOPBACK } from './free-port.js';
import { noteEnded, noteRunning, noteStarted, type ServerKind } from './started-servers.js';
import type { TestServer } from './test-server.js';

export interface ServerPlan {
  readonly kind: ServerKind;
  readonly binary: string;
  /** A fixed port; else a free one. */
  readonly port?: number | undefined;
  readonly directory: string;
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** The unix socket it serves. */
  readonly path?: string | undefined;
  readonly certificate?: Certificate | undefined;
  url(port: number): string;
  args(port: number): readonly string[];
  /** One attempt to be answered by the process `pid` itself; anything but `true` means not yet. */
  answers(port: number, pid: number): Promise<boolean>;
  /** Ends what the plan itself keeps open. */
  release?(): Promise<void>;
}

const START_LIMIT_MS = 60_000;
const RESTART_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 2_000;
const POLL_MS = 5;
const PORT_ATTEMPTS = 8;

export class ServerProcess implements TestServer {
  readonly host = LOOPBACK;
  readonly port: number;
  readonly kind: ServerKind;
  readonly url: string;
  readonly path: string | undefined;
  readonly certificate: Certificate | undefined;
  readonly directory: string;
  readonly #plan: ServerPlan;
  #child: ChildProcess;

  private constructor(plan: ServerPlan, port: number, child: ChildProcess) {
    this.kind = plan.kind;
    this.directory = plan.directory;
    this.url = plan.url(port);
    this.path = plan.path;
    this.certificate = plan.certificate;
    this.port = port;
    this.#plan = plan;
    this.#child = child;
  }

  static async start(plan: ServerPlan): Promise<ServerProcess> {
    for (let attempt = 1; ; attempt++) {
      const port = plan.port ?? (await freePort());
      try {
        const child = await launch(plan, port);
        noteStarted(plan.kind);
        return new ServerProcess(plan, port, child);
      } catch (error) {
        if (plan.port === undefined && attempt < PORT_ATTEMPTS && isPortTaken(plan)) continue;
        await cleanUp(plan);
        throw error;
      }
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isRunning(): boolean {
    return isAlive(this.#child);
  }

  async stop(): Promise<void> {
    await this.kill9();
    await cleanUp(this.#plan);
  }

  async kill9(): Promise<void> {
    if (!this.isRunning) return;
    this.#child.kill('SIGKILL');
    await ended(this.#child);
  }

  async terminate(): Promise<void> {
    if (!this.isRunning) return;
    this.#child.kill('SIGTERM');
    this.#child.kill('SIGCONT');
    const force = setTimeout(() => this.#child.kill('SIGKILL'), STOP_LIMIT_MS);
    await ended(this.#child);
    clearTimeout(force);
  }

  async pause(): Promise<void> {
    this.#child.kill('SIGSTOP');
    for (let waited = 0; waited < STOP_LIMIT_MS && !isStopped(this.pid); waited += POLL_MS) await sleep(POLL_MS);
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  async restart(): Promise<void> {
    await this.kill9();
    const deadline = performance.now() + RESTART_LIMIT_MS;
    for (;;) {
      try {
        this.#child = await launch(this.#plan, this.port);
        return;
      } catch (error) {
        if (performance.now() > deadline || !isPortTaken(this.#plan)) throw error;
        await sleep(POLL_MS);
      }
    }
  }
}

export function makeServerDirectory(kind: ServerKind): Promise<string> {
  return mkdtemp(join(tmpdir(), `ringfence-${kind}-`));
}

async function launch(plan: ServerPlan, port: number): Promise<ChildProcess> {
  const binary = requireBinary(plan.binary);
  const args = [...plan.args(port)];
  const setpriv = process.platform === 'linux' ? findBinary('setpriv') : undefined;
  // setpriv replaces itself by the server, so the process id is the server's own.
  const [program, words] = setpriv === undefined ? [binary, args] : [setpriv, ['--pdeathsig', 'KILL', binary, ...args]];
  const log = openSync(logFile(plan), 'w');
  const environment = { ...process.env, ...plan.environment };
  const child = spawn(program, words, { cwd: plan.directory, stdio: ['ignore', log, log], env: environment });
  closeSync(log);
  child.unref();
  const { pid } = child;
  if (pid === undefined) throw new Error(`${plan.binary} could not be started: ${await failureOf(child)}`);
  noteRunning(pid, plan.kind);
  child.once('exit', () => noteEnded(pid));
  const deadline = performance.now() + START_LIMIT_MS;
  while (performance.now() < deadline) {
    if (!isAlive(child)) throw new Error(`${plan.binary} ended at once: ${await tailOfLog(plan)}`);
    if (await plan.answers(port, pid)) return child;
    await sleep(POLL_MS);
  }
  child.kill('SIGKILL');
  throw new Error(`${plan.binary} did not answer within ${START_LIMIT_MS} ms: ${await tailOfLog(plan)}`);
}

async function cleanUp(plan: ServerPlan): Promise<void> {
  await plan.release?.();
  await rm(plan.directory, { recursive: true, force: true });
}

function isAlive(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

/** The child is not referenced, so an otherwise idle process would end before its exit is seen. */
async function ended(child: ChildProcess): Promise<void> {
  if (!isAlive(child)) return;
  child.ref();
  await once(child, 'exit');
}

async function failureOf(child: ChildProcess): Promise<string> {
  const [error] = await once(child, 'error');
  return String(error);
}

function logFile(plan: ServerPlan): string {
  return join(plan.directory, 'server.log');
}

async function tailOfLog(plan: ServerPlan): Promise<string> {
  return (await readFile(logFile(plan), 'utf8')).slice(-2_000).trim();
}

function isPortTaken(plan: ServerPlan): boolean {
  return /address already in use/i.test(readFileSync(logFile(plan), 'utf8'));
}

function isStopped(pid: number): boolean {
  if (process.platform !== 'linux') return true;
  // The state follows the command name, which stands in brackets and may itself hold brackets.
  const status = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return status.slice(status.lastIndexOf(')') + 2, status.lastIndexOf(')') + 3) === 'T';
}
