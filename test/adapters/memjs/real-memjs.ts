/** memjs itself, as the tests speak to it. */

import { createRequire } from 'node:module';

/** Its methods by name: they take what ours take. */
export type RealClient = Record<string, (...words: unknown[]) => unknown>;

interface MemjsModule {
  readonly Client: { create(servers: string, options?: object): RealClient };
}

const memjs: MemjsModule = createRequire(import.meta.url)('memjs');

/** One attempt, so that an error is told at once; silent. */
export function createMemjs(servers: string, options: object = {}): RealClient {
  return memjs.Client.create(servers, { retries: 1, logger: { log: () => undefined }, ...options });
}
