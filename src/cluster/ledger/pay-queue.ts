/** PayQueue: the keys of one node's debts, to be paid by deletes, longest waiting first. Bounded by keys and by bytes. */

export interface QueuedKey {
  readonly key: string;
  readonly hash: number;
  /** Monotonic time since which it waits. */
  readonly since: number;
}

export class PayQueue {
  private readonly keys = new Map<string, QueuedKey>();
  private bytes = 0;
  private readonly maxKeys: number;
  private readonly maxBytes: number;

  constructor(maxKeys: number, maxBytes: number) {
    this.maxKeys = maxKeys;
    this.maxBytes = maxBytes;
  }

  get size(): number {
    return this.keys.size;
  }

  /** When the longest waiting key was put in. */
  get oldest(): number | undefined {
    for (const { since } of this.keys.values()) return since;
    return undefined;
  }

  /** Whether the key is now, or already was, in the queue. */
  put(key: string, hash: number, since: number): boolean {
    if (this.keys.has(key)) return true;
    const bytes = this.bytes + sizeOf(key);
    if (this.keys.size >= this.maxKeys || bytes > this.maxBytes) return false;
    this.bytes = bytes;
    this.keys.set(key, { key, hash, since });
    return true;
  }

  take(): QueuedKey | undefined {
    for (const queued of this.keys.values()) {
      this.remove(queued.key);
      return queued;
    }
    return undefined;
  }

  retain(isDue: (queued: QueuedKey) => boolean): void {
    for (const queued of this.keys.values()) if (!isDue(queued)) this.remove(queued.key);
  }

  clear(): void {
    this.keys.clear();
    this.bytes = 0;
  }

  remove(key: string): void {
    if (this.keys.delete(key)) this.bytes -= sizeOf(key);
  }
}

/** Two bytes a code unit: what a string takes at most. */
function sizeOf(key: string): number {
  return key.length * 2;
}
