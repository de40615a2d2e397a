/**
 * Where `npm test` tells the tests of servers that run already: a file that is absent where tests start their own.
 */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Ports of docker-compose.yml. */
export const COMPOSE_URLS = {
  redis: [16379, 16380, 16381].map((port) => `redis://127.0.0.1:${port}`),
  memcached: [21211, 21212, 21213].map((port) => `memcached://127.0.0.1:${port}`),
};

const FILE = fileURLToPath(new URL('../../node_modules/.cache/ringfence/servers.json', import.meta.url));

export function writeServerUrls(urls, file = FILE) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(urls));
}

export function forgetServerUrls(file = FILE) {
  rmSync(file, { force: true });
}

/** The environment that the test kit reads; empty where tests start their own servers. */
export function serverEnvironment(file = FILE) {
  let text;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return {};
  }
  const { redis, memcached } = JSON.parse(text);
  return { RINGFENCE_REDIS_URLS: redis.join(','), RINGFENCE_MEMCACHED_URLS: memcached.join(',') };
}
