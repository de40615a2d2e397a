/** The clients of others, as the side-by-side tests speak to them: ten thousand keys written, ten thousand read. */

import { createRequire } from 'node:module';
import { Redis } from 'ioredis';
import type { TestServer } from '../../src/testing/servers/test-server.js';

export interface OtherClient {
  write(entries: ReadonlyMap<string, string>): Promise<void>;
  /** What is there, in the order of the keys. */
  read(keys: readonly string[]): Promise<(string | undefined)[]>;
  close(): void;
}

export interface Weighted {
  readonly server: TestServer;
  readonly weight: number;
}

interface MemcachedClient {
  set(key: string, value: string, lifeSeconds: number, done: (error: Error | undefined) => void): void;
  getMulti(keys: readonly string[], done: (error: Error | undefined, found: Record<string, string>) => void): void;
  end(): void;
}
interface MemjsClient {
  set(key: string, value: string): Promise<boolean>;
  get(key: string): Promise<{ readonly value: Buffer | null }>;
  close(): void;
}
const require = createRequire(import.meta.url);
const Memcached: new (nodes: Record<string, number>, options: object) => MemcachedClient = require('memcached');
const HashRing: new (nodes: Record<string, number>) => { get(key: string): string } = require('hashring');
const memjs: { readonly Client: { create(list: string, options: object): MemjsClient } } = require('memjs');

const PIECE = 500;

async function inPieces<T, R>(items: readonly T[], work: (piece: readonly T[]) => Promise<readonly R[]>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += PIECE) results.push(...(await work(items.slice(at, at + PIECE))));
  return results;
}

const addressOf = ({ server: { host, port } }: Weighted): string => `${host}:${port}`;
const weights = (nodes: readonly Weighted[]) => Object.fromEntries(nodes.map((node) => [addressOf(node), node.weight]));

export function npmMemcached(nodes: readonly Weighted[]): OtherClient {
  const client = new Memcached(weights(nodes), { timeout: 20_000 });
  const set = ([key, value]: readonly [string, string]): Promise<void> =>
    new Promise((resolve, reject) => client.set(key, value, 600, (error) => (error ? reject(error) : resolve())));
  const getMulti = (keys: readonly string[]): Promise<(string | undefined)[]> =>
    new Promise((resolve, reject) =>
      client.getMulti([...keys], (error, found) => (error ? reject(error) : resolve(keys.map((key) => found[key])))),
    );
  return {
    write: async (entries) => void (await inPieces([...entries], (piece) => Promise.all(piece.map(set)))),
    read: (keys) => inPieces(keys, getMulti),
    close: () => client.end(),
  };
}

export function npmMemjs(nodes: readonly Weighted[]): OtherClient {
  const client = memjs.Client.create(nodes.map(addressOf).join(), { timeout: 20, logger: { log: () => undefined } });
  const get = async (key: string): Promise<string | undefined> => (await client.get(key)).value?.toString();
  return {
    write: async (entries) =>
      void (await inPieces([...entries], (piece) => Promise.all(piece.map(([key, value]) => client.set(key, value))))),
    read: (keys) => inPieces(keys, (piece) => Promise.all(piece.map(get))),
    close: () => client.close(),
  };
}

/** Sharding by hand: hashring chooses, ioredis asks. */
export function ioredisHashring(nodes: readonly Weighted[]): OtherClient {
  const ring = new HashRing(weights(nodes));
  const clients = new Map(nodes.map((node) => [addressOf(node), new Redis(node.server.port, node.server.host)]));
  const of = (key: string): Redis => clients.get(ring.get(key)) as Redis;
  return byRedis(of, () => [...clients.values()]);
}

/** One connection to a proxy, which knows no command about itself. */
export function ioredisAt(port: number): OtherClient {
  const client = new Redis(port, '127.0.0.1', { enableReadyCheck: false, disableClientInfo: true, protocol: 2 });
  return byRedis(
    () => client,
    () => [client],
  );
}

function byRedis(of: (key: string) => Redis, all: () => readonly Redis[]): OtherClient {
  return {
    write: async (entries) =>
      void (await inPieces([...entries], (piece) => Promise.all(piece.map(([key, value]) => of(key).set(key, value))))),
    read: (keys) =>
      inPieces(keys, (piece) => Promise.all(piece.map(async (key) => (await of(key).get(key)) ?? undefined))),
    close: () => {
      for (const client of all()) client.disconnect();
    },
  };
}
