/** The demo as its users run it: a process of its own, whose screen is read and whose exit code counts. */

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { askOnce } from '../src/testing/servers/ask-once.js';
import { LOOPBACK } from '../src/testing/servers/free-port.js';
import { startRedis } from '../src/testing/servers/redis-server.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DEMO = join(ROOT, 'bench/demo/demo.js');
const CURSOR_UP = /\x1b\[\d+A/;

interface Run {
  readonly code: number | null;
  readonly output: string;
}

interface RunOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** Called with all that was written so far. */
  readonly onOutput?: (output: string, interrupt: () => void) => void;
}

function run(args: readonly string[], { environment = {}, onOutput }: RunOptions = {}): Promise<Run> {
  const { NO_COLOR, FORCE_COLOR, ...inherited } = process.env;
  const child = spawn(process.execPath, args, { cwd: ROOT, env: { ...inherited, ...environment } });
  let output = '';
  const collect = (chunk: Buffer): void => {
    output += chunk.toString();
    onOutput?.(output, () => child.kill('SIGINT'));
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}

interface Change {
  readonly name: string;
  /** Percent before, during and after. */
  readonly rates: readonly number[];
  readonly moved: number;
  readonly theory: number;
  readonly byReplica: number;
  readonly stale: number;
}

/** The rows of the closing table, between its two rules. */
function changesIn(output: string): Change[] {
  const [, body = ''] = output.split(/^─+$/m);
  return body
    .trim()
    .split('\n')
    .map((line) => {
      const [name = '', ...cells] = line.split(/ {2,}/);
      const [before = 0, during = 0, after = 0, moved = 0, theory = 0, byReplica = 0, , , stale = 0] = cells.map(
        (cell) => Number(cell.replaceAll(/[,%]/g, '')),
      );
      return { name, rates: [before, during, after], moved, theory, byReplica, stale };
    });
}

function expectPlausible(changes: readonly Change[], keyCount: number): void {
  for (const { rates, moved, theory, stale } of changes) {
    expect(theory).toBeGreaterThan(keyCount / 7);
    expect(Math.abs(moved - theory)).toBeLessThan(theory * 0.2);
    for (const rate of rates) {
      expect(rate).toBeGreaterThan(99);
      expect(rate).toBeLessThanOrEqual(100);
    }
    expect(stale).toBe(0);
  }
}

/** Processes whose working directory lies in this one. */
async function processesIn(directory: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const directories = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')));
  return pids.filter((_, i) => directories[i]?.startsWith(directory));
}

/** The demo runs what is built: that must be there, and be what the sources say. Types are checked elsewhere. */
function build(): void {
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' });
  const newest = Math.max(...sources.map((name) => statSync(join(ROOT, 'src', name)).mtimeMs));
  const entry = join(ROOT, 'dist/index.js');
  if (existsSync(entry) && statSync(entry).mtimeMs > newest) return;
  spawnSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', 'src'], { cwd: ROOT });
}

beforeAll(build);

describe('the demo', () => {
  it('kills, adds and removes in-process nodes under traffic and tells plausible figures', async () => {
    const { code, output } = await run([DEMO, '--keys', '10000']);
    expect(output).toMatch(/reads checked: 0 stale, 0 wrong/);
    expect(code).toBe(0);
    const changes = changesIn(output);
    expect(changes.map(({ name }) => name)).toEqual(['Kill node-3', 'Revive node-3', 'Add node-6', 'Remove node-5']);
    expectPlausible(changes, 10_000);
    expect(changes[0]?.byReplica).toBeGreaterThan(0);
    expect(output).toBe(stripVTControlCharacters(output));
  });

  it('loses the keys of a killed node where there is one copy of each, and says so', async () => {
    const { code, output } = await run([DEMO, '--keys', '30000', '--replication', '1']);
    expect(code).toBe(0);
    const [killed] = changesIn(output);
    const [before, , after] = killed?.rates ?? [];
    expect(before).toBe(100);
    // A fifth is gone, but for what the fallback of 10,000 entries remembers.
    expect(after).toBeGreaterThan(75);
    expect(after).toBeLessThan(95);
    expect(output).toMatch(/0 stale, 0 wrong/);
  });

  it.concurrent.each([
    { finding: /0 stale, [1-9][\d,]* wrong/, answer: "{ ...value, name: 'somebody else' }" },
    { finding: /[1-9][\d,]* stale, 0 wrong/, answer: 'first.get(key) ?? value' },
  ])('ends with 1 where a cache answers $answer', async ({ finding, answer }) => {
    const patch = `
      import { Cache } from ${JSON.stringify(pathToFileURL(join(ROOT, 'dist/index.js')).href)};
      const { getMany } = Cache.prototype;
      const first = new Map();
      Cache.prototype.getMany = async function (keys) {
        const found = await getMany.call(this, keys);
        for (const [key, value] of found) {
          found.set(key, ${answer});
          if (!first.has(key)) first.set(key, value);
        }
        return found;
      };`;
    const preload = `data:text/javascript,${encodeURIComponent(patch)}`;
    const { code, output } = await run(['--import', preload, DEMO, '--keys', '5000']);
    expect(output).toMatch(finding);
    expect(code).toBe(1);
  });

  it('does the same over real servers that it starts, and leaves neither process nor directory', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'ringfence-demo-'));
    const { code, output } = await run([DEMO, '--real', '--keys', '10000'], { environment: { TMPDIR: directory } });
    expect(output).toMatch(/reads checked: 0 stale, 0 wrong/);
    expect(code).toBe(0);
    const changes = changesIn(output);
    expect(changes.map(({ name }) => name)).toEqual([
      'Kill redis-2',
      'Revive redis-2',
      'Add redis-4',
      'Remove memcached-1',
    ]);
    expectPlausible(changes, 10_000);
    expect(await readdir(directory)).toEqual([]);
    expect(await processesIn(directory)).toEqual([]);
    await rm(directory, { recursive: true });
  });

  it('kills none of the nodes it is given, and leaves no key on them, even when interrupted', async () => {
    const servers = await Promise.all([startRedis(), startRedis()]);
    const nodes = servers.map(({ url }) => url).join(',');
    const keysLeft = () =>
      Promise.all(
        servers.map(({ port }) =>
          askOnce({ host: LOOPBACK, port }, 'KEYS *customer*\r\n', (text) => text.endsWith('\n')),
        ),
      );
    try {
      const { code, output } = await run([DEMO, '--nodes', nodes, '--keys', '2000']);
      expect(output).toMatch(/No node is killed/);
      expect(code).toBe(0);
      const changes = changesIn(output);
      expect(changes.map(({ name }) => name.split(' ')[0])).toEqual(['Remove', 'Add']);
      for (const { stale } of changes) expect(stale).toBe(0);
      await expect.poll(keysLeft).toEqual(['*0\r\n', '*0\r\n']);

      const interrupted = await run([DEMO, '--nodes', nodes, '--keys', '100000'], {
        onOutput: (written, interrupt) => {
          if (/writes\/s/.test(written)) interrupt();
        },
      });
      expect(interrupted.code).toBe(130);
      // Leases of copies that were under way end by themselves.
      await expect.poll(keysLeft).toEqual(['*0\r\n', '*0\r\n']);
    } finally {
      await Promise.all(servers.map((server) => server.stop()));
    }
  });

  it('stops its servers when it is interrupted', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'ringfence-demo-'));
    let running: Promise<string[]> | undefined;
    const { code } = await run([DEMO, '--real', '--keys', '200000'], {
      environment: { TMPDIR: directory },
      onOutput: (output, interrupt) => {
        if (running !== undefined || !/writes\/s/.test(output)) return;
        running = processesIn(directory);
        void running.then(interrupt);
      },
    });
    expect(code).toBe(130);
    expect(await running).toHaveLength(5);
    expect(await processesIn(directory)).toEqual([]);
    expect(await readdir(directory)).toEqual([]);
    await rm(directory, { recursive: true });
  });

  it.concurrent.each([80, 120])(
    'redraws in place on a terminal of %d columns and gives the cursor back',
    async (columns) => {
      const terminal = `Object.assign(process.stdout, { isTTY: true, columns: ${columns}, rows: 40 });`;
      const program = `${terminal} process.argv.push('demo', '--keys', '2000'); await import(${JSON.stringify(DEMO)});`;
      const { code, output } = await run(['--input-type=module', '--eval', program], {
        environment: { TERM: 'xterm-256color' },
      });
      expect(code).toBe(0);
      expect(output.split(CURSOR_UP).length).toBeGreaterThan(10);
      for (const line of stripVTControlCharacters(output).split('\n'))
        expect([...line].length).toBeLessThanOrEqual(columns);
      expect(output.lastIndexOf('\x1b[?25h')).toBeGreaterThan(output.lastIndexOf('\x1b[?25l'));
    },
  );

  it('knows no option that it does not have, and explains itself', async () => {
    expect(await run([DEMO, '--kyes', '5'])).toMatchObject({ code: 1, output: expect.stringContaining('--kyes') });
    const help = await run([DEMO, '--help']);
    expect(help.code).toBe(0);
    for (const option of ['--real', '--nodes', '--keys', '--replication', '--no-color'])
      expect(help.output).toContain(option);
  });
});
