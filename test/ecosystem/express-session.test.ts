/**
 * express-session with connect-redis on the façade over three nodes. connect-redis 8 still takes a client with the surface
 * of ioredis as it is; its version 9 asks for that of node-redis alone.
 */

import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { RedisStore } from 'connect-redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Nodes } from './nodes.js';

interface Session {
  visits?: number;
  user?: string;
  destroy(done: (error?: Error) => void): void;
  regenerate(done: (error?: Error) => void): void;
}
type Middleware = (request: IncomingMessage, response: ServerResponse, next: (error?: Error) => void) => void;

// It comes without types.
const session: (options: object) => Middleware = createRequire(import.meta.url)('express-session');

let nodes: Nodes;
let store: InstanceType<typeof RedisStore>;
let server: Server;

const sessionOf = (incoming: IncomingMessage): Session => {
  const found: unknown = Reflect.get(incoming, 'session');
  if (typeof found !== 'object' || found === null) throw new Error('the middleware made no session');
  return found as Session;
};

beforeAll(async () => {
  nodes = await Nodes.start();
  store = new RedisStore({ client: nodes.open(), prefix: 'sess:', ttl: 100 });
  const middleware = session({ store, secret: 'not so secret', resave: false, saveUninitialized: false });
  server = createServer((incoming, response) => {
    middleware(incoming, response, (failed) => {
      if (failed !== undefined) {
        response.writeHead(500).end(failed.message);
        return;
      }
      const own = sessionOf(incoming);
      const end = (error?: Error) => response.end(error?.message ?? 'done');
      if (incoming.url === '/leave') own.destroy(end);
      else if (incoming.url === '/again') own.regenerate(end);
      else response.end(String((own.visits = (own.visits ?? 0) + 1)));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterAll(async () => {
  server.closeAllConnections();
  await promisify(server.close.bind(server))();
  await nodes.stop();
});

interface Answer {
  readonly text: string;
  readonly cookie: string | undefined;
}

function visit(path: string, cookie = ''): Promise<Answer> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const call = request({ port, path, headers: { cookie }, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part: string) => (text += part));
      answer.on('end', () => resolve({ text, cookie: answer.headers['set-cookie']?.[0]?.split(';')[0] }));
    });
    call.on('error', reject);
    call.end();
  });
}

describe('express-session with connect-redis', () => {
  it('remembers each of many visitors, on whichever node their session lives', async () => {
    // Also those of an earlier try.
    await promisify(store.clear.bind(store))();
    const visitors = await Promise.all(Array.from({ length: 30 }, () => visit('/')));
    expect(visitors.map(({ text }) => text)).toEqual(visitors.map(() => '1'));
    expect(Math.min(...(await nodes.sizes()))).toBeGreaterThan(0);
    for (const { cookie } of visitors) expect((await visit('/', cookie)).text).toBe('2');
    expect(await promisify(store.length.bind(store))()).toBe(30);
    expect(await promisify(store.all.bind(store))()).toHaveLength(30);
    expect(await promisify(store.ids.bind(store))()).toHaveLength(30);
  });

  it('forgets a session that was destroyed or made anew', async () => {
    const { cookie } = await visit('/');
    await visit('/leave', cookie);
    expect((await visit('/', cookie)).text).toBe('1');
    const { cookie: other } = await visit('/');
    await visit('/again', other);
    expect((await visit('/', other)).text).toBe('1');
  });

  it('lets sessions expire, renews them when touched, and clears them all', async () => {
    const client = nodes.open();
    await store.set('sid', { cookie: { originalMaxAge: null } } as never);
    expect(await client.ttl('sess:sid')).toBeGreaterThan(90);
    await client.expire('sess:sid', 5);
    await store.touch('sid', { cookie: { originalMaxAge: null } } as never);
    expect(await client.ttl('sess:sid')).toBeGreaterThan(90);
    await client.set('other', 'stays');
    await store.clear();
    expect(await store.length()).toBe(0);
    expect(await client.get('other')).toBe('stays');
  });
});
