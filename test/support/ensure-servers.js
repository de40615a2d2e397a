/**
 * What `npm test` begins with: sees to it that the tests find real servers, or says in one sentence what to install.
 *
 * First choice are redis-server and memcached on this machine, since many tests stop, pause and kill them. If they are
 * missing they are installed where that is possible (root on Debian or Ubuntu); else containers of docker-compose.yml
 * serve, and the tests that need a process of their own fail and say so.
 */

import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { COMPOSE_URLS, forgetServerUrls, writeServerUrls } from './server-urls.js';

const BINARIES = ['redis-server', 'memcached'];
const EXTRA_DIRECTORIES = ['/usr/local/bin', '/usr/local/sbin', '/usr/bin', '/usr/sbin', '/opt/homebrew/bin'];
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Returns the exit code. */
export function ensureServers(world) {
  const missing = () => BINARIES.filter((name) => !world.has(name));
  if (missing().length > 0 && world.isRootOnDebian) {
    world.say(`installing ${missing().join(' and ')}`);
    const isUpdated = world.run('apt-get', ['update', '-q']);
    if (isUpdated) world.run('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...missing()]);
  }
  if (missing().length === 0) {
    world.forgetUrls();
    return 0;
  }
  if (world.has('docker') && world.run('docker', ['compose', 'up', '-d', '--wait'])) {
    world.writeUrls(COMPOSE_URLS);
    world.say('containers serve the tests; those that stop, pause or kill a server will fail');
    return 0;
  }
  world.say(
    `The tests run against real servers: install ${missing().join(' and ')}, or Docker with its compose plugin.`,
  );
  return 1;
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function hasBinary(name) {
  const directories = [...(process.env.PATH ?? '').split(delimiter), ...EXTRA_DIRECTORIES];
  return directories.some((directory) => directory !== '' && isExecutable(join(directory, name)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = ensureServers({
    has: hasBinary,
    isRootOnDebian: process.getuid?.() === 0 && existsSync('/etc/debian_version') && hasBinary('apt-get'),
    run: (program, words) => {
      const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
      return spawnSync(program, words, { cwd: ROOT, env, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
    },
    writeUrls: (urls) => writeServerUrls(urls),
    forgetUrls: () => forgetServerUrls(),
    say: (line) => console.error(line),
  });
}
