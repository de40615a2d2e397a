/**
 * The servers of a run: redis-server and memcached nodes, and a nutcracker in front of the Redis nodes. A program that is
 * not installed is told as missing: whoever asked names it and leaves out what needs it.
 */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, LOOPBACK } from './free-port.js';
import { findBinary, startProcess } from './server-process.js';

/** Nodes are placed by these names, so that keys lie alike in every run, whatever the ports. */
const nameOf = (i) => `node-${i + 1}`;

/**
 * @param {{ redis?: number, memcached?: number, nutcracker?: boolean }} wanted how many nodes of each
 * @returns {Promise<{ redis: object[], memcached: object[], nutcracker?: object, missing: string[], flush(): Promise<void>, stop(): Promise<void> }>}
 */
export async function startServers({ redis = 0, memcached = 0, nutcracker = false }) {
  const missing = [];
  const isThere = (binary) => {
    if (findBinary(binary) !== undefined) return true;
    missing.push(binary);
    return false;
  };
  const directory = await mkdtemp(join(tmpdir(), 'ringfence-bench-'));
  const servers = { redis: [], memcached: [], nutcracker: undefined, missing };
  const all = () =>
    [...servers.redis, ...servers.memcached, servers.nutcracker].filter((server) => server !== undefined);
  servers.flush = async () => {
    await Promise.all(servers.redis.map(({ port }) => ask(port, 'FLUSHALL\r\n', '+OK')));
    await Promise.all(servers.memcached.map(({ port }) => ask(port, 'flush_all\r\n', 'OK')));
  };
  servers.stop = async () => {
    await Promise.all(all().map((server) => server.stop()));
    await rm(directory, { recursive: true, force: true });
  };
  try {
    if (redis > 0 && isThere('redis-server')) servers.redis = await startNodes(redis, () => startRedis(directory));
    if (memcached > 0 && isThere('memcached')) servers.memcached = await startNodes(memcached, startMemcached);
    if (nutcracker && servers.redis.length > 0 && isThere('nutcracker'))
      servers.nutcracker = await startNutcracker(directory, servers.redis);
    return servers;
  } catch (error) {
    await servers.stop();
    throw error;
  }
}

function startNodes(count, start) {
  return Promise.all(Array.from({ length: count }, async (_, i) => ({ ...(await start()), name: nameOf(i) })));
}

function startRedis(directory) {
  return startProcess('redis-server', (port) =>
    `--port ${port} --bind ${LOOPBACK} --dir ${directory} --appendonly no --loglevel warning --daemonize no`
      .split(' ')
      .concat('--save', ''),
  );
}

/** Room enough that nothing is evicted. */
function startMemcached() {
  const user = process.getuid?.() === 0 ? ['-u', 'root'] : [];
  return startProcess('memcached', (port) => ['-l', LOOPBACK, '-p', `${port}`, '-U', '0', '-m', '1024', ...user]);
}

/** Ketama over fnv1a_64, as its manual recommends; ejecting hosts is off since no host fails here. */
function startNutcracker(directory, nodes) {
  return startProcess('nutcracker', async (port) => {
    const config = join(directory, `nutcracker-${port}.yml`);
    const pool = [
      'redis: true',
      'hash: fnv1a_64',
      'distribution: ketama',
      'auto_eject_hosts: false',
      'preconnect: true',
    ];
    const servers = nodes.map(({ host, port: node, name }) => `    - ${host}:${node}:1 ${name}`);
    const lines = [
      'bench:',
      `  listen: ${LOOPBACK}:${port}`,
      ...pool.map((line) => `  ${line}`),
      '  servers:',
      ...servers,
    ];
    await writeFile(config, `${lines.join('\n')}\n`);
    return ['-c', config, '-s', `${await freePort()}`, '-a', LOOPBACK, '-v', '0'];
  });
}

/** Sends one line and waits for the answer it should get. */
function ask(port, question, expected) {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, LOOPBACK, () => socket.write(question));
    socket.on('error', reject);
    socket.on('data', (text) => {
      answer += text;
      if (!answer.includes('\r\n')) return;
      socket.destroy();
      if (answer.startsWith(expected)) resolve();
      else reject(new Error(`${question.trim()} was answered by ${answer.trim()}`));
    });
  });
}
