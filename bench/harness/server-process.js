/**
 * One server as a child process on a free loopback port. It ends by `stop`, when this process exits, and on Linux by the
 * kernel if this process is killed.
 */

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, LOOPBACK } from './free-port.js';

const START_LIMIT_MS = 10_000;
const PORT_ATTEMPTS = 5;
const HIDDEN_FROM_PATH = ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/bin', '/opt/homebrew/sbin'];

const running = new Set();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** @returns the path of a program, `undefined` if it is not installed. */
export function findBinary(name) {
  return [...(process.env.PATH ?? '').split(delimiter), ...HIDDEN_FROM_PATH]
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** @returns the first line a program prints when asked for its version. */
export function versionOf(name, flag) {
  const binary = findBinary(name);
  if (binary === undefined) return 'not installed';
  // nutcracker tells its version on the error stream.
  const text = execFileSync('sh', ['-c', '"$0" "$1" 2>&1', binary, flag], { encoding: 'utf8' });
  return text.trim().split('\n')[0];
}

/**
 * Starts `binary` with the words that `argsOf(port)` gives, and waits until it takes connections.
 *
 * @returns {Promise<{ host: string, port: number, pid: number, stop(): Promise<void> }>}
 */
export async function startProcess(name, argsOf) {
  const binary = findBinary(name);
  if (binary === undefined) throw new Error(`${name} is not installed`);
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const child = launch(binary, await argsOf(port));
    running.add(child);
    child.once('exit', () => running.delete(child));
    if (await answers(child, port)) {
      child.unref();
      return { host: LOOPBACK, port, pid: child.pid, stop: () => stop(child) };
    }
    await stop(child);
    if (attempt === PORT_ATTEMPTS) throw new Error(`${name} did not start: ${child.lastWords}`);
  }
}

function launch(binary, args) {
  const setpriv = process.platform === 'linux' ? findBinary('setpriv') : undefined;
  const [program, words] = setpriv === undefined ? [binary, args] : [setpriv, ['--pdeathsig', 'KILL', binary, ...args]];
  const child = spawn(program, words, { stdio: ['ignore', 'ignore', 'pipe'] });
  child.lastWords = '';
  child.stderr.on('data', (text) => {
    child.lastWords = `${child.lastWords}${text}`.slice(-500);
  });
  child.stderr.unref();
  return child;
}

async function answers(child, port) {
  const deadline = performance.now() + START_LIMIT_MS;
  while (performance.now() < deadline && child.exitCode === null) {
    if (await accepts(port)) return true;
    await sleep(20);
  }
  return false;
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, LOOPBACK);
    const end = (isOpen) => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });
}

async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.ref();
  child.kill('SIGKILL');
  await once(child, 'exit');
}
