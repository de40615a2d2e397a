/**
 * Listens for aborts with one listener per signal, however many calls share it: Node warns of a leak at the eleventh
 * listener, and a caller that passes one signal to a thousand calls leaks nothing. The listener goes with the last call,
 * since Node keeps a signal made by `AbortSignal.any` or `.timeout` alive while it has one.
 */

type AbortTask = () => void;

class AbortTasks {
  readonly #signal: AbortSignal;
  readonly #tasks = new Set<AbortTask>();
  readonly #run = (): void => {
    for (const task of this.#tasks) task();
  };

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  add(task: AbortTask): void {
    if (this.#tasks.size === 0) this.#signal.addEventListener('abort', this.#run, { once: true });
    this.#tasks.add(task);
  }

  delete(task: AbortTask): void {
    if (this.#tasks.delete(task) && this.#tasks.size === 0) this.#signal.removeEventListener('abort', this.#run);
  }
}

const tasksOf = new WeakMap<AbortSignal, AbortTasks>();

/**
 * Runs `task` once when `signal` aborts; the function returned takes that back. A signal that has already aborted runs
 * nothing: look at `signal.aborted` first. A task must not throw.
 */
export function onAbort(signal: AbortSignal, task: AbortTask): () => void {
  let tasks = tasksOf.get(signal);
  if (tasks === undefined) {
    tasks = new AbortTasks(signal);
    tasksOf.set(signal, tasks);
  }
  // A subscription of its own, so that the same function may be passed twice.
  const subscribed = (): void => task();
  const owner = tasks;
  owner.add(subscribed);
  return () => owner.delete(subscribed);
}
