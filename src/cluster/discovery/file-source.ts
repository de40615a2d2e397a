/**
 * A file that lists nodes: JSON (an array of URLs or objects, or `{ "nodes": [...] }`), or one URL a line with `#` for
 * comments. Watched for change by its folder, since editors and Kubernetes replace a file instead of writing into it.
 */

import { watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DiscoverySource, FoundNode } from './source.js';

export function fileSource(path: string): DiscoverySource {
  return {
    name: `file ${path}`,
    read: async () => parseList(await readFile(path, 'utf8')),
    watch(onNews) {
      const watcher = watch(dirname(path), { persistent: false }, onNews);
      watcher.on('error', () => undefined);
      return () => watcher.close();
    },
  };
}

/** @throws SyntaxError for JSON that is none, or no list */
export function parseList(text: string): readonly FoundNode[] {
  const trimmed = text.trim();
  if (!/^[[{]/.test(trimmed)) {
    return trimmed
      .split('\n')
      .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
      .filter((line) => line !== '');
  }
  const parsed = parsedJson(trimmed);
  const list = typeof parsed === 'object' && parsed !== null && 'nodes' in parsed ? parsed.nodes : parsed;
  if (!Array.isArray(list)) throw new SyntaxError('a list of nodes was expected');
  return list as readonly FoundNode[];
}

/** The parser's own message quotes the file, which may hold passwords. */
function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SyntaxError('the file is not JSON');
  }
}
