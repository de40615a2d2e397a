/** What a run was made on: without it no number means anything. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { dirname, join } from 'node:path';
import { versionOf } from './server-process.js';

const require = createRequire(import.meta.url);
const GIB = 2 ** 30;

/** @param {Iterable<string>} packages whose versions are told */
export function describeEnvironment(packages) {
  const processors = cpus();
  return {
    date: new Date().toISOString(),
    cpu: `${processors[0]?.model.trim() ?? process.arch} × ${processors.length}`,
    memory: `${(totalmem() / GIB).toFixed(1)} GiB`,
    system: `${type()} ${release()}`,
    node: process.version,
    servers: {
      'redis-server': /v=(\S+)/.exec(versionOf('redis-server', '--version'))?.[1] ?? 'not installed',
      memcached: /[\d.]+$/.exec(versionOf('memcached', '--version'))?.[0] ?? 'not installed',
      nutcracker: /[\d.]+$/.exec(versionOf('nutcracker', '--version'))?.[0] ?? 'not installed',
    },
    packages: Object.fromEntries([...new Set(packages)].sort().map((name) => [name, packageVersion(name)])),
    loadBefore: load(),
  };
}

/** Load averages of 1, 5 and 15 minutes: on an idle machine the first is what the benchmark itself makes. */
export function load() {
  return loadavg().map((value) => Number(value.toFixed(2)));
}

/** @returns {string[]} one line a fact */
export function environmentLines({ date, cpu, memory, system, node, servers, packages, loadBefore, loadAfter }) {
  const list = (versions) =>
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ');
  return [
    `${date}, node ${node} on ${system}, ${cpu}, ${memory}`,
    `servers: ${list(servers)}`,
    `packages: ${list(packages)}`,
    `load average before: ${loadBefore.join(' ')}${loadAfter === undefined ? '' : `, after: ${loadAfter.join(' ')}`}`,
  ];
}

/** Some packages do not export their package.json, so it is looked for beside their code. */
function packageVersion(name) {
  try {
    for (let folder = dirname(require.resolve(name)); folder !== dirname(folder); folder = dirname(folder)) {
      const about = readPackage(join(folder, 'package.json'));
      if (about?.name === name) return about.version;
    }
  } catch {
    // Packages for import alone cannot be resolved by require.
  }
  return readPackage(new URL(`../../node_modules/${name}/package.json`, import.meta.url))?.version ?? 'not installed';
}

function readPackage(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
