import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createPlacement, isPlacementKind, type PlacementNode } from '../../../src/placements.js';

interface Vectors {
  readonly nodes: readonly PlacementNode[];
  readonly keys: readonly string[];
  readonly owners: readonly string[];
}

const folder = new URL('../../fixtures/vectors/', import.meta.url);
const files = readdirSync(folder).map((name) => ({
  name,
  kind: name.split('.')[0] ?? '',
  content: JSON.parse(readFileSync(new URL(name, folder), 'utf8')),
}));

function isVectors(content: object): content is Vectors {
  return 'keys' in content && 'owners' in content && 'nodes' in content;
}

const vectors = files.flatMap(({ name, kind, content }) => (isVectors(content) ? [{ name, kind, ...content }] : []));

describe('a placement puts every key where the real client does', () => {
  it('on all the files there are', () => {
    expect(vectors.length).toBe(116);
  });

  it.each(vectors)('$name', ({ kind, nodes, keys, owners }) => {
    if (!isPlacementKind(kind)) throw new Error(`no kind ${kind}`);
    const placement = createPlacement(kind, nodes);
    expect(keys.length).toBe(owners.length);
    expect(keys.map((key) => placement.owners(key, 1)[0])).toEqual(owners);
    expect(keys.map((key) => placement.members[placement.primaryOf(placement.hash(key), key)]?.name)).toEqual(owners);
  });
});
