/**
 * Runs the code of README.md and of the pages in docs/, so that it cannot rot: every `js` block is a program of its own, run
 * against the built package and real servers, with the addresses of its nodes replaced by those of servers started here. A block fails if it
 * exits with anything but 0, throws, or does not end within two minutes.
 */

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startMemcached, startRedis } from 'ringfence/testing';
import { ClusterFleet } from '../../dist/testing/servers/cluster-fleet.js';
import { SentinelFleet } from '../../dist/testing/servers/sentinel-fleet.js';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const LIMIT_MS = 120_000;

/** The pages in docs/migrate have a test of their own. */
const pages = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];
const blocks = pages.flatMap((page) => {
  const found = [...readFileSync(join(ROOT, page), 'utf8').matchAll(/^```js\n([\s\S]*?)^```/gm)];
  if (found.length === 0) throw new Error(`${page} has no js block: nothing was checked`);
  return found.map((match) => ({ page, text: match[1] }));
});

const folder = mkdtempSync(join(tmpdir(), 'ringfence-readme-'));
mkdirSync(join(folder, 'node_modules'));
symlinkSync(ROOT, join(folder, 'node_modules', 'ringfence'));
for (const name of ['bullmq', 'cache-manager', 'cacheable', 'keyv', 'memjs'])
  symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');

/** One server for each address the pages name; a bare one is that of a memcached, as memjs writes them. */
const servers = new Map();
const named = blocks.map(({ text }) => text).join('\n');
for (const [address, engine] of named.matchAll(/redis\+(sentinel|cluster):\/\/[\w.,:/-]+/g))
  if (!servers.has(address)) servers.set(address, await (engine === 'cluster' ? ClusterFleet : SentinelFleet).start());
for (const [address] of named.matchAll(/(?:redis|memcached):\/\/[\w.-]+:\d+/g))
  if (!servers.has(address))
    servers.set(address, await (address.startsWith('redis') ? startRedis() : startMemcached()));
for (const [address] of named.matchAll(/(?<![\w/@.])\d+\.\d+\.\d+\.\d+:\d+/g))
  if (!servers.has(address)) servers.set(address, await startMemcached());

let failed = 0;
for (const [i, { page, text }] of blocks.entries()) {
  let code = text;
  for (const [address, server] of servers)
    code = code.replaceAll(address, address.includes('/') ? server.url : new URL(server.url).host);
  const file = join(folder, `block-${i + 1}.js`);
  writeFileSync(file, code);
  const { status, output } = await run(file);
  const title = text.trim().split('\n')[0];
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${page}: ${title}`);
  if (status !== 0) {
    failed++;
    console.log(output);
  }
}
for (const server of servers.values()) await server.stop();
rmSync(folder, { recursive: true, force: true });
console.log(`${blocks.length - failed} of ${blocks.length} blocks ran`);
process.exit(failed === 0 ? 0 : 1);

function run(file) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [file], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    const timer = setTimeout(() => {
      output += `\nstill running after ${LIMIT_MS} ms`;
      child.kill('SIGKILL');
    }, LIMIT_MS);
    child.on('exit', (code) => {
      clearTimeout(timer);
      resolve({ status: code ?? 1, output });
    });
  });
}
