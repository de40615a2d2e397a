/** The parent's end of a contender's process: one question, one answer, and a limit on how long it may take. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const HOST = fileURLToPath(new URL('contender-host.js', import.meta.url));
const LIMIT_MS = 30_000;

export class ContenderProcess {
  #child;
  #settle;
  #lastWords = '';

  constructor(id) {
    this.#child = fork(HOST, [id], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    this.#child.stderr.on('data', (text) => {
      this.#lastWords = `${this.#lastWords}${text}`.slice(-1_000);
    });
    this.#child.on('message', (message) => this.#settle?.(message));
    this.#child.on('exit', (code) =>
      this.#settle?.({ error: `its process ended (${code}): ${this.#lastWords.trim()}` }),
    );
  }

  get isAlive() {
    return this.#child.exitCode === null && this.#child.signalCode === null && this.#child.connected;
  }

  /** Resolves once the process has loaded the contender. */
  async ready() {
    await this.#answer();
  }

  /** @throws Error what went wrong in the contender, or that it did not answer */
  ask(question, details) {
    if (!this.isAlive) return Promise.reject(new Error('its process has ended'));
    const answer = this.#answer();
    this.#child.send({ question, details });
    return answer;
  }

  async stop() {
    if (!this.isAlive) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }

  async #answer() {
    let timer;
    const message = await new Promise((resolve) => {
      this.#settle = resolve;
      timer = setTimeout(() => resolve({ error: `no answer within ${LIMIT_MS / 1_000} s` }), LIMIT_MS);
    });
    clearTimeout(timer);
    this.#settle = undefined;
    if (message.error === undefined) return message.answer;
    if (message.error.startsWith('no answer')) await this.stop();
    throw new Error(message.error);
  }
}
