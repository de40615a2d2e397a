/** twemproxy's placements against a running nutcracker: keys are set through it, and the nodes behind it tell which they got. */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPlacement, isPlacementKind, type PlacementNode } from '../../../src/placements.js';
import { TWEMPROXY_HASHES } from '../../../src/ring/placements/twemproxy.js';
import { findBinary } from '../../../src/testing/servers/binary.js';
import { isNutcrackerWanted } from '../../real/nutcracker.js';

const nutcracker = findBinary('nutcracker');

const weights = [4, 9, 5, 3, 3, 2, 2];
const keys = Array.from(
  { length: 600 },
  (_, i) => ['user:', 'ключ', 'k'.repeat(i % 200), '😀', 'é', 'naïve-ß'][i % 6] + String(i * 7919),
);

interface Pool {
  readonly title: string;
  readonly kind: string;
  readonly setting: string;
  readonly nodesOf: (ports: readonly number[]) => PlacementNode[];
  readonly hasNames?: boolean;
}

const equal = (count: number) => (ports: readonly number[]) =>
  ports.slice(0, count).map((port) => ({ host: '127.0.0.1', port }));
const weighted = (ports: readonly number[]) => equal(7)(ports).map((node, i) => ({ ...node, weight: weights[i] ?? 1 }));
const named = (ports: readonly number[]) => weighted(ports).map((node, i) => ({ ...node, name: `cache-${i}.example` }));

const pools: Pool[] = [
  ...Object.keys(TWEMPROXY_HASHES).flatMap((hash) => [
    { title: 'weights', kind: `twemproxy-ketama-${hash}`, setting: `ketama, hash: ${hash}`, nodesOf: weighted },
    { title: 'weights', kind: `twemproxy-modula-${hash}`, setting: `modula, hash: ${hash}`, nodesOf: weighted },
  ]),
  ...[1, 2, 7, 14, 25].map((count) => ({
    title: `${count} equal nodes`,
    kind: 'twemproxy-ketama-md5',
    setting: 'ketama, hash: md5',
    nodesOf: equal(count),
  })),
  {
    title: 'names',
    kind: 'twemproxy-ketama-fnv1a_64',
    setting: 'ketama, hash: fnv1a_64',
    nodesOf: named,
    hasNames: true,
  },
];

/** As much of memcached as `set` needs: answers STORED and remembers who asked for what. */
function listener(seen: Set<string>): Promise<Server> {
  const server = createServer((socket) => {
    let rest = '';
    socket.setEncoding('utf8');
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      rest += chunk;
      for (let end = rest.indexOf('\r\nv\r\n'); end >= 0; end = rest.indexOf('\r\nv\r\n')) {
        seen.add(rest.slice(0, end).split(' ')[1] ?? '');
        rest = rest.slice(end + 5);
        socket.write('STORED\r\n');
      }
    });
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function freePort(): Promise<number> {
  const server = await listener(new Set());
  const port = portOf(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket.destroy() !== undefined));
    socket.on('error', () => setTimeout(() => resolve(false), 5));
  });
}

function setAll(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let replies = '';
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      replies += chunk.toString();
      if (replies.split('\r\n').length <= keys.length) return;
      socket.destroy();
      if (replies === 'STORED\r\n'.repeat(keys.length)) resolve();
      else reject(new Error(replies.slice(0, 200)));
    });
    socket.write(keys.map((key) => `set ${key} 0 0 1\r\nv\r\n`).join(''));
  });
}

describe.runIf(isNutcrackerWanted)('a running nutcracker', () => {
  const seen = Array.from({ length: 25 }, () => new Set<string>());
  let servers: Server[] = [];
  let listens: number[] = [];
  let folder = '';
  let process_: ChildProcess | undefined;

  beforeAll(async () => {
    servers = await Promise.all(seen.map(listener));
    // A port that was free a moment ago may be somebody's by the time nutcracker asks for it.
    for (let tries = 1; !(await start()); tries++)
      if (tries === 3) throw new Error(readFileSync(join(folder, 'log'), 'utf8'));
  });

  /** Whether it runs and listens. */
  async function start(): Promise<boolean> {
    listens = await Promise.all(pools.map(freePort));
    const statsPort = await freePort();
    if (folder === '') folder = mkdtempSync(join(tmpdir(), 'nutcracker-'));
    const ports = servers.map(portOf);
    const config = pools.map(({ setting, nodesOf, hasNames }, i) => {
      const list = nodesOf(ports).map(({ host, port, weight = 1, name }) => {
        return `    - ${host}:${port}:${weight}${hasNames ? ` ${name}` : ''}`;
      });
      const [distribution, hash] = setting.split(', ');
      return `pool${i}:\n  listen: 127.0.0.1:${listens[i]}\n  distribution: ${distribution}\n  ${hash}\n  servers:\n${list.join('\n')}`;
    });
    writeFileSync(join(folder, 'conf.yml'), `${config.join('\n')}\n`);
    const path = (name: string): string => join(folder, name);
    const options = ['-c', path('conf.yml'), '-o', path('log'), '-p', path('pid'), '-s', String(statsPort)];
    const child = spawn(nutcracker ?? '', options, { stdio: 'ignore' });
    process_ = child;
    for (const port of listens) while (!(await accepts(port))) if (child.exitCode !== null) return false;
    return child.exitCode === null;
  }

  afterAll(async () => {
    if (process_ !== undefined && process_.exitCode === null) {
      const gone = new Promise((resolve) => process_?.once('exit', resolve));
      process_.kill('SIGKILL');
      await gone;
    }
    for (const server of servers) server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(pools.map((pool, i) => ({ ...pool, i })))('places as $kind over $title', async ({ kind, nodesOf, i }) => {
    if (!isPlacementKind(kind)) throw new Error(`no kind ${kind}`);
    for (const set of seen) set.clear();
    await setAll(listens[i] ?? 0);
    const nodes = nodesOf(servers.map(portOf));
    const placement = createPlacement(kind, nodes);
    const got = keys.map((key) => placement.members[seen.findIndex((set) => set.has(key))]?.name);
    expect(keys.map((key) => placement.owners(key, 1)[0])).toEqual(got);
  });
});
