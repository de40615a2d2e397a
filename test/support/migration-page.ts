/**
 * A page of docs/migrate as programs: the `diff` block is one module before and after, `js` blocks are programs of their own,
 * and a `yaml` block is the configuration of the nutcracker that the page is about. The servers that it names, all of the form
 * 10.0.0.N:port, are started here; the port says which kind.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../src/testing/servers/free-port.js';
import { startMemcached } from '../../src/testing/servers/memcached-server.js';
import { startRedis } from '../../src/testing/servers/redis-server.js';
import type { TestServer } from '../../src/testing/servers/test-server.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const OLD_CLIENTS = ['hashring', 'ioredis', 'memcached', 'memjs', 'redis'];
const LIMIT_MS = 60_000;

export interface Page {
  readonly before: string;
  readonly after: string;
  readonly programs: readonly string[];
  readonly configuration: string | undefined;
  /** Lines of the diff that change. */
  readonly changed: number;
}

export async function readPage(name: string): Promise<Page> {
  const text = await readFile(join(ROOT, 'docs', 'migrate', name), 'utf8');
  const blocks = (language: string): string[] =>
    [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map((match) => match[1] ?? '');
  const [diff, ...more] = blocks('diff');
  if (diff === undefined || more.length > 0) throw new Error(`${name} must have one diff`);
  const lines = diff.split('\n');
  const side = (other: string): string =>
    lines.flatMap((line) => (line.startsWith(other) ? [] : [line.slice(1)])).join('\n');
  return {
    before: side('+'),
    after: side('-'),
    programs: blocks('js'),
    configuration: blocks('yaml')[0],
    changed: lines.filter((line) => line.startsWith('+')).length,
  };
}

/** nutcracker, wherever a package puts it. */
export function findNutcracker(): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, 'nutcracker')).find((path) => existsSync(path));
}

/** A folder with the package in it as a user has it, the clients it replaces, and the servers of one page. */
export class Workshop {
  readonly #folder: string;
  readonly #servers: readonly TestServer[];
  readonly #addresses: ReadonlyMap<string, string>;
  #proxy: ChildProcess | undefined;

  private constructor(folder: string, servers: readonly TestServer[], addresses: ReadonlyMap<string, string>) {
    this.#folder = folder;
    this.#servers = servers;
    this.#addresses = addresses;
  }

  /** @param built where the package was compiled to */
  static async open(page: Page, built: string): Promise<Workshop> {
    const folder = await mkdtemp(join(tmpdir(), 'ringfence-migrate-'));
    const modules = join(folder, 'node_modules');
    await mkdir(join(modules, 'ringfence'), { recursive: true });
    await symlink(built, join(modules, 'ringfence', 'dist'));
    await cp(join(ROOT, 'package.json'), join(modules, 'ringfence', 'package.json'));
    for (const name of OLD_CLIENTS) await symlink(join(ROOT, 'node_modules', name), join(modules, name));
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    await cp(join(ROOT, 'test', 'support', 'run-migration.js'), join(folder, 'run-migration.js'));

    const named = new Set([page.before, page.after, ...page.programs].join('\n').match(/\b10\.0\.0\.\d+:\d+\b/g) ?? []);
    const servers: TestServer[] = [];
    const addresses = new Map<string, string>();
    for (const address of [...named].sort()) {
      if (address.endsWith(':22121')) {
        addresses.set(address, `127.0.0.1:${await freePort()}`);
        continue;
      }
      const server = await (address.endsWith(':6379') ? startRedis() : startMemcached());
      servers.push(server);
      addresses.set(address, `${server.host}:${server.port}`);
    }
    const workshop = new Workshop(folder, servers, addresses);
    if (page.configuration !== undefined) await workshop.#startProxy(page.configuration);
    return workshop;
  }

  /** What the program printed. @throws Error with its output if it ends with anything but 0 */
  async run(file: string, code?: string): Promise<string> {
    if (code !== undefined) await this.write(file, code);
    const child = spawn(process.execPath, [file], { cwd: this.#folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
    const [status] = await once(child, 'close');
    clearTimeout(timer);
    if (status !== 0) throw new Error(`${file} ended with ${status}: ${output}`);
    return output;
  }

  write(file: string, code: string): Promise<void> {
    return writeFile(join(this.#folder, file), this.#localised(code));
  }

  async close(): Promise<void> {
    if (this.#proxy !== undefined && this.#proxy.exitCode === null) {
      const gone = once(this.#proxy, 'exit');
      this.#proxy.kill('SIGKILL');
      await gone;
    }
    await Promise.all(this.#servers.map((server) => server.stop()));
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #startProxy(configuration: string): Promise<void> {
    const nutcracker = findNutcracker();
    if (nutcracker === undefined) throw new Error('nutcracker is not installed');
    await this.write('nutcracker.yml', configuration);
    const path = (name: string): string => join(this.#folder, name);
    const options = ['-c', path('nutcracker.yml'), '-o', path('log'), '-p', path('pid'), '-s', `${await freePort()}`];
    const child = spawn(nutcracker, options, { stdio: 'ignore' });
    this.#proxy = child;
    const port = Number(/listen: .*:(\d+)/.exec(this.#localised(configuration))?.[1]);
    while (!(await accepts(port))) if (child.exitCode !== null) throw new Error(await readFile(path('log'), 'utf8'));
  }

  #localised(text: string): string {
    return text.replace(/\b10\.0\.0\.\d+:\d+\b/g, (address) => this.#addresses.get(address) ?? address);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket.destroy() !== undefined));
    socket.on('error', () => setTimeout(() => resolve(false), 5));
  });
}
