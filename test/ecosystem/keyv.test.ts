/**
 * The test suite of Keyv on a store over the façade. No storage adapter that takes an ioredis client is installed here, so
 * the store is the smallest that the contract of Keyv 5 allows: one key a value, a namespace as prefix.
 */

import keyvTestSuite, { keyvIteratorTests } from '@keyv/test-suite';
import Keyv from 'keyv';
import * as vitest from 'vitest';
import { Nodes } from './nodes.js';

const nodes = await Nodes.start();
const client = nodes.open();

vitest.afterAll(() => nodes.stop());
/** The suite lists all there is: an earlier try may have left something. */
vitest.beforeEach(async () => {
  await client.flushall();
});

class ClientStore {
  readonly opts: Record<string, unknown> = { url: undefined, dialect: 'redis' };
  namespace: string | undefined;

  async get(key: string): Promise<string | undefined> {
    return (await client.get(key)) ?? undefined;
  }

  async getMany(keys: string[]): Promise<(string | undefined)[]> {
    return (await client.mget(keys)).map((value) => value ?? undefined);
  }

  async set(key: string, value: string, ttl?: number): Promise<boolean> {
    if (ttl === undefined) await client.set(key, value);
    else await client.set(key, value, 'PX', ttl);
    return true;
  }

  async delete(key: string): Promise<boolean> {
    return (await client.unlink(key)) > 0;
  }

  async deleteMany(keys: string[]): Promise<boolean> {
    return (await client.unlink(...keys)) > 0;
  }

  async has(key: string): Promise<boolean> {
    return (await client.exists(key)) === 1;
  }

  async clear(): Promise<void> {
    for await (const keys of this.#pages()) if (keys.length > 0) await client.unlink(...keys);
  }

  async *iterator(namespace?: string): AsyncGenerator<[string, string | undefined]> {
    for await (const keys of this.#pages(namespace)) {
      for (const key of keys) yield [key, await this.get(key)];
    }
  }

  on(): this {
    return this;
  }

  #pages(namespace = this.namespace): AsyncIterable<string[]> {
    return client.scanStream({ match: namespace === undefined ? '*' : `${namespace}:*` });
  }
}

const makeStore = () => new ClientStore();

vitest.describe('the test suite of Keyv', () => {
  keyvTestSuite(vitest, Keyv, makeStore);
  keyvIteratorTests(vitest, Keyv, makeStore);
});
