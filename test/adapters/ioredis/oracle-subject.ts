/** The client under test, over these nodes, ready. */

import { Redis } from 'ioredis';
import type { TestServer } from '../../../src/testing/servers/test-server.js';
import type { Client } from './oracle-call.js';

export interface Subject {
  readonly client: Client;
  close(): Promise<void>;
}

export async function openSubject(nodes: readonly TestServer[]): Promise<Subject> {
  const [first] = nodes;
  if (first === undefined) throw new Error('there must be a node');
  const client = new Redis(first.port, first.host);
  return { client, close: async () => client.disconnect() };
}
