/** A real nutcracker (twemproxy) for tests, in front of one pool of servers. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBinary } from '../../src/testing/servers/binary.js';
import { freePort, LOOPBACK } from '../../src/testing/servers/free-port.js';

/** Not left out in silence: CI fails without it, and anybody else is told. */
export const isNutcrackerWanted = findBinary('nutcracker') !== undefined || process.env.CI !== undefined;
if (!isNutcrackerWanted)
  console.warn('nutcracker is not installed: what goes through a real twemproxy is not compared');

export interface Pool {
  readonly distribution: 'ketama' | 'modula';
  readonly hash: string;
  readonly isRedis: boolean;
  /** `host:port:weight` each. */
  readonly servers: readonly string[];
}

export class Nutcracker {
  readonly port: number;
  readonly #folder: string;
  readonly #child: ChildProcess;

  private constructor(port: number, folder: string, child: ChildProcess) {
    this.port = port;
    this.#folder = folder;
    this.#child = child;
  }

  static async start({ distribution, hash, isRedis, servers }: Pool): Promise<Nutcracker> {
    const [port, statistics] = [await freePort(), await freePort()];
    const folder = await mkdtemp(join(tmpdir(), 'nutcracker-'));
    const path = (name: string): string => join(folder, name);
    const settings = [
      `listen: ${LOOPBACK}:${port}`,
      `distribution: ${distribution}`,
      `hash: ${hash}`,
      `redis: ${isRedis}`,
    ];
    const lines = [...settings, 'servers:', ...servers.map((server) => `  - ${server}`)];
    await writeFile(path('conf.yml'), `pool:\n${lines.map((line) => `  ${line}\n`).join('')}`);
    const files = ['-c', path('conf.yml'), '-o', path('log'), '-p', path('pid'), '-s', String(statistics)];
    const child = spawn(findBinary('nutcracker') ?? '', files, { stdio: 'ignore' });
    while (!(await accepts(port))) if (child.exitCode !== null) throw new Error(await readFile(path('log'), 'utf8'));
    return new Nutcracker(port, folder, child);
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child.exitCode === null) {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, LOOPBACK, () => resolve(socket.destroy() !== undefined));
    socket.on('error', () => setTimeout(() => resolve(false), 5));
  });
}
