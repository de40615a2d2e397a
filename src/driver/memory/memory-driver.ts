/**
 * The driver of `memory://name`: nodes that live in this process, for programs without servers, for demos and for tests.
 */

import { CacheError, NodeError } from '../../errors.js';
import type { Capabilities, Connection, ConnectOptions, Driver } from '../driver.js';
import { MemoryConnection } from './memory-connection.js';
import { MemoryNode, type MemoryNodeOptions } from './memory-node.js';

export interface MemoryDriverOptions extends MemoryNodeOptions {
  /** The node to reach, where several caches share one or a test drives its faults. @default a new, empty one */
  readonly store?: MemoryNode | undefined;
}

const CAPABILITIES: Capabilities = {
  ttlResolutionMs: 1,
  maxTtlMs: Number.MAX_SAFE_INTEGER,
  compareAndSet: true,
  enumeration: true,
  raw: false,
  leases: 'hidden',
};

export function createMemoryDriver(options: MemoryDriverOptions): Driver {
  const node = options.store ?? new MemoryNode(options);
  return {
    kind: 'memory',
    capabilities: CAPABILITIES,
    connect: (connectOptions) => connect(node, connectOptions),
  };
}

async function connect(node: MemoryNode, { signal }: ConnectOptions): Promise<Connection> {
  const { latencyMs, clock } = node;
  const delayMs = typeof latencyMs === 'number' ? latencyMs : latencyMs();
  refuseIfAborted(node, signal);
  if (delayMs > 0) {
    await untilAborted(signal, (done) => clock.setTimer(done, delayMs));
    refuseIfAborted(node, signal);
  }
  while (node.isHung && node.refusal === undefined) {
    await untilAborted(signal, (done) => node.onChange(done));
    refuseIfAborted(node, signal);
  }
  if (node.refusal !== undefined) {
    throw new NodeError(node.refusal, `the node refuses connections: ${node.refusal}`, { node: node.name });
  }
  return new MemoryConnection(node);
}

function refuseIfAborted(node: MemoryNode, signal: AbortSignal): void {
  if (!signal.aborted) return;
  if (signal.reason instanceof CacheError) throw signal.reason;
  throw new NodeError('unreachable', 'connecting was given up', { node: node.name, cause: signal.reason });
}

/** Waits for `done`, or for the abort, whichever comes first; leaves no timer and no listener. */
function untilAborted(signal: AbortSignal, wait: (done: () => void) => { cancel(): void }): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      waiting.cancel();
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const waiting = wait(finish);
    signal.addEventListener('abort', finish);
  });
}
