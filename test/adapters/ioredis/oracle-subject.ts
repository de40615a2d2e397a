/** The client under test, over these nodes. */

import { Redis } from '../../../src/ioredis.js';
import type { TestServer } from '../../../src/testing/servers/test-server.js';
import type { Client } from './oracle-call.js';

export interface Subject {
  readonly client: Client;
  close(): Promise<void>;
}

/** Deadlines that a busy machine meets. */
const PATIENT = { connectMs: 3_000, attemptMs: 5_000, totalMs: 10_000 };

export async function openSubject(nodes: readonly TestServer[]): Promise<Subject> {
  const client = new Redis({ nodes: nodes.map(({ url }) => url), timeouts: PATIENT });
  await client.ping();
  return { client, close: async () => client.disconnect() };
}
