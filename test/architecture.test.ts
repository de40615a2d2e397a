/** The direction of imports, kept: every file imports from levels below its own, and nothing goes round in a circle. */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SRC = join(dirname(fileURLToPath(import.meta.url)), '..', 'src');

/** First match wins; `import type` counts. A folder is one level and may import within itself. */
const LEVELS: readonly (readonly [RegExp, number])[] = [
  [/^(adapters|testing)\/|^(testing|placements|resilience|keyv|ioredis|memjs)\.ts$/, 9],
  [/^(index|create-cache|options)\.ts$|^assembly\//, 8],
  [/^(cache|cache-parts|events|stats|ring-view)\.ts$|^(calls|options)\//, 7],
  [/^replication\//, 6],
  [/^(routing|failover)\//, 5],
  [/^cluster\//, 4],
  [/^node\//, 3],
  [/^driver\/[^/]+\//, 2],
  [/^driver\/[^/]+\.ts$/, 1],
  [/^(ring|near|codec)\/|^(key|codec|envelope|compression)\.ts$/, 1],
  [/^base\/|^errors\.ts$/, 0],
];

interface Source {
  readonly path: string;
  readonly text: string;
  /** The text without comments. */
  readonly code: string;
  readonly imports: readonly string[];
}

function sources(): Source[] {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  return files
    .filter((path) => !path.endsWith('.d.ts'))
    .map((path) => {
      const text = readFileSync(join(SRC, path), 'utf8');
      const code = text.replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '');
      const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) => match[1] ?? '');
      const imports = specifiers.map((to) => normalize(join(dirname(path), to)).replace(/\.js$/, '.ts'));
      return { path: relative('.', path), text, code, imports };
    });
}

function levelOf(path: string): number {
  const level = LEVELS.find(([pattern]) => pattern.test(path))?.[1];
  if (level === undefined) throw new Error(`${path} has no level: say in this test where it belongs`);
  return level;
}

/** Files of one concept: the folder, or the file itself at the top. */
function familyOf(path: string): string {
  const [first, second] = path.split('/');
  return first === 'driver' && second?.endsWith('.ts') === false ? `driver/${second}` : (first ?? path);
}

const all = sources();

describe('the source tree', () => {
  it('imports downwards only', () => {
    const upward = all.flatMap(({ path, imports }) =>
      imports
        .filter((to) => levelOf(to) > levelOf(path) || (levelOf(to) === levelOf(path) && !areKin(path, to)))
        .map((to) => `${path} (${levelOf(path)}) -> ${to} (${levelOf(to)})`),
    );
    expect(upward).toEqual([]);
  });

  it('lets no driver know another, and nothing below the assembly know any', () => {
    const reaching = all.flatMap(({ path, imports }) =>
      imports
        .filter((to) => /^driver\/[^/]+\//.test(to) && familyOf(to) !== familyOf(path))
        .filter(() => !/^(assembly\/drivers|testing)/.test(path))
        .map((to) => `${path} -> ${to}`),
    );
    expect(reaching).toEqual([]);
  });

  it('makes fields by assignment: V8 makes those of a base class of five kinds anew, at a microsecond each, where they are defined', () => {
    const { compilerOptions } = JSON.parse(readFileSync(join(SRC, '..', 'tsconfig.json'), 'utf8'));
    expect(compilerOptions.useDefineForClassFields).toBe(false);
  });

  it('has no import cycle', () => {
    expect(cycles()).toEqual([]);
  });

  it('says neither any nor "as unknown as", silences no type error, and has no drawer for odds and ends', () => {
    const loose = all.filter(({ code }) =>
      /(:|<|as) any\b|\bas unknown as\b|@ts-(ignore|expect-error|nocheck)/.test(code),
    );
    const drawers = all.filter(({ path }) => /(^|\/)(util|utils|common|helpers|misc|types)(\.ts|\/)/.test(path));
    expect([...loose, ...drawers].map(({ path }) => path)).toEqual([]);
  });

  it('keeps every file short enough to be read in one sitting, and opens it with what it promises', () => {
    const long = all.filter(({ text }) => text.split('\n').length > 251).map(({ path }) => path);
    const silent = all.filter(({ text }) => !text.startsWith('/**')).map(({ path }) => path);
    expect({ long, silent }).toEqual({ long: [], silent: [] });
  });
});

/** Level 7 and 8 are each one layer of several files; below, kin share a folder. */
function areKin(path: string, to: string): boolean {
  if (levelOf(path) >= 7) return true;
  return familyOf(path) === familyOf(to) || (levelOf(path) <= 1 && levelOf(to) <= 1);
}

function cycles(): string[] {
  const edges = new Map(all.map(({ path, imports }) => [path, imports]));
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) {
      found.push([...trail.slice(at), path].join(' -> '));
      return;
    }
    if (done.has(path)) return;
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const { path } of all) visit(path, []);
  return found;
}
