import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureServers, type World } from './ensure-servers.js';
import { closingLine } from './server-count-reporter.js';
import { COMPOSE_URLS, forgetServerUrls, serverEnvironment, writeServerUrls } from './server-urls.js';

/** A machine with these programs; `run` notes what is run and may change the machine. */
function machine(programs: string[], run: (command: string) => boolean = () => false, isRootOnDebian = false) {
  const ran: string[] = [];
  const said: string[] = [];
  let urls: 'untouched' | 'forgotten' | 'compose' = 'untouched';
  const world: World = {
    has: (program) => programs.includes(program),
    isRootOnDebian,
    run: (program, words) => {
      ran.push([program, ...words].join(' '));
      return run(ran.at(-1) ?? '');
    },
    writeUrls: () => {
      urls = 'compose';
    },
    forgetUrls: () => {
      urls = 'forgotten';
    },
    say: (line) => said.push(line),
  };
  const code = ensureServers(world);
  return { code, ran, said, urls };
}

describe('ensure-servers', () => {
  it('runs nothing where both servers are installed', () => {
    expect(machine(['redis-server', 'memcached', 'docker'])).toEqual({ code: 0, ran: [], said: [], urls: 'forgotten' });
  });

  it('installs what is missing as root on Debian', () => {
    const programs = ['redis-server', 'docker'];
    const install = (command: string) => {
      if (command.includes('install')) programs.push('memcached');
      return true;
    };
    const { code, ran, urls } = machine(programs, install, true);
    expect(ran).toEqual(['apt-get update -q', 'apt-get install -y -q --no-install-recommends memcached']);
    expect([code, urls]).toEqual([0, 'forgotten']);
  });

  it('falls back to containers where nothing can be installed, or installing fails', () => {
    const up = 'docker compose up -d --wait';
    const plain = machine(['docker'], (command) => command === up);
    expect(plain).toMatchObject({ code: 0, ran: [up], urls: 'compose' });
    const root = machine(['docker'], (command) => command === up, true);
    expect(root).toMatchObject({ code: 0, ran: ['apt-get update -q', up], urls: 'compose' });
  });

  it('stops with one sentence that says what to install where nothing helps', () => {
    const sentence = (missing: string) =>
      `The tests run against real servers: install ${missing}, or Docker with its compose plugin.`;
    const bare = machine([]);
    expect(bare).toMatchObject({ code: 1, ran: [], said: [sentence('redis-server and memcached')] });
    const half = machine(['memcached', 'docker']);
    expect(half).toMatchObject({ code: 1, said: [sentence('redis-server')], urls: 'untouched' });
  });
});

describe('server-urls', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'ringfence-urls-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it('hands URLs to the tests, until they are forgotten', () => {
    const file = join(directory, 'deep', 'servers.json');
    expect(serverEnvironment(file)).toEqual({});
    writeServerUrls(COMPOSE_URLS, file);
    expect(serverEnvironment(file)).toEqual({
      RINGFENCE_REDIS_URLS: 'redis://127.0.0.1:16379,redis://127.0.0.1:16380,redis://127.0.0.1:16381',
      RINGFENCE_MEMCACHED_URLS: 'memcached://127.0.0.1:21211,memcached://127.0.0.1:21212,memcached://127.0.0.1:21213',
    });
    forgetServerUrls(file);
    expect(serverEnvironment(file)).toEqual({});
  });

  it('lists exactly the ports that docker-compose.yml publishes', () => {
    const compose = readFileSync(new URL('../../docker-compose.yml', import.meta.url), 'utf8');
    const ports = [...compose.matchAll(/127\.0\.0\.1:(\d+):\d+/g)].map(([, port]) => port);
    const urls = [...COMPOSE_URLS.redis, ...COMPOSE_URLS.memcached].map((url) => new URL(url).port);
    expect(ports).toEqual(urls);
  });
});

it('the closing line counts real servers by kind', () => {
  expect(closingLine('redis\nmemcached\nredis\n')).toBe('3 real servers ran: 2 redis, 1 memcached');
  expect(closingLine('')).toBe('0 real servers ran: 0 redis, 0 memcached');
});
