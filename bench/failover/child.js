/** A child process that answers each message by one message. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export class Child {
  #process;

  constructor(file, args) {
    this.#process = fork(fileURLToPath(new URL(file, import.meta.url)), args.map(String));
  }

  /** The next message. @throws if the child ends instead */
  async answer() {
    const isOver = new AbortController();
    const { signal } = isOver;
    try {
      return await Promise.race([
        once(this.#process, 'message', { signal }).then(([message]) => message),
        once(this.#process, 'exit', { signal }).then(([code]) => {
          throw new Error(`a process of the benchmark ended with ${code}`);
        }),
      ]);
    } finally {
      isOver.abort();
    }
  }

  ask(message) {
    const answer = this.answer();
    this.#process.send(message);
    return answer;
  }

  async end() {
    if (this.#process.exitCode !== null) return;
    const exit = once(this.#process, 'exit');
    this.#process.send({ end: true });
    await exit;
  }
}
