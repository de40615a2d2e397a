/** Placements against the npm clients themselves, over node sets and keys that no vector file has. */

import { createRequire } from 'node:module';
import fc from 'fast-check';
import { Memcache, ModulaHash } from 'memcache';
import { describe, expect, it } from 'vitest';
import { createPlacement, type PlacementKind, type PlacementNode } from '../../../src/placements.js';
import { seededRandom } from '../../../src/testing/seeded-random.js';

interface HashRing {
  range(key: string, count: number, unique: boolean): string[];
}
interface Hashes {
  getNodesByKey(key: string): readonly { readonly id: string }[];
}
const require = createRequire(import.meta.url);
const HashRingClass: new (
  nodes: Record<string, number | { vnodes: number }>,
  algorithm?: string,
  options?: object,
) => HashRing = require('hashring');
const Memcached: new (nodes: Record<string, number>) => { readonly HashRing: HashRing } = require('memcached');
const memjs: {
  Client: { create(list: string): { server(key: string): { host: string; port: number }; close(): void } };
} = require('memjs');

const equal = (count: number): PlacementNode[] =>
  Array.from({ length: count }, (_, i) => ({ host: `10.9.${i % 3}.${i}`, port: 11211 + (i % 2) }));
const weights = [4, 9, 5, 3, 3, 2, 2];
const names = ['a', 'b', 'cache-3', 'd.example', 'ёж', '日本', '__proto__x'];

const sets: [string, PlacementNode[]][] = [
  ['one node', equal(1)],
  ['2 equal nodes', equal(2)],
  ['7 equal nodes', equal(7)],
  ['14 equal nodes', equal(14)],
  ['25 equal nodes', equal(25)],
  ['weights 4, 9, 5, 3, 3, 2, 2', equal(7).map((node, i) => ({ ...node, weight: weights[i] ?? 1 }))],
  ['names instead of addresses', equal(7).map((node, i) => ({ ...node, name: names[i] ?? '' }))],
  ['names and weights', equal(7).map((node, i) => ({ ...node, name: names[i] ?? '', weight: weights[6 - i] ?? 1 }))],
];

const random = seededRandom(20_261_121);
const LETTERS = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:._-/{}~ äß漢\u{1f600}'];
const randomKey = (): string =>
  Array.from({ length: 1 + Math.floor(random() * 40) }, () => LETTERS[Math.floor(random() * LETTERS.length)]).join('');
const keys = [
  ...Array.from({ length: 10_000 }, randomKey),
  ...Array.from({ length: 300 }, (_, i) => ['user:', 'ключ', 'k'.repeat(i), '😀', 'é'][i % 5] + String(i)),
  ...['toString', '__proto__', 'constructor', 'hasOwnProperty', 'a', ' ', '\ud800', 'x'.repeat(5000), 'é'.repeat(700)],
];

const host = fc.oneof(fc.ipV4(), fc.domain(), fc.constantFrom('localhost', 'cache_1', 'a'));
const port = fc.oneof(fc.constant(11211), fc.integer({ min: 1, max: 65_535 }));
const nodeSets = fc.uniqueArray(
  fc.record({ host, port, weight: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 30 })) }),
  {
    minLength: 1,
    maxLength: 30,
    selector: (node) => `${node.host}:${node.port}`,
  },
);

const nameOf = ({ name, host, port }: PlacementNode): string => name ?? `${host}:${port}`;
const byAddress = (nodes: readonly PlacementNode[], address: string): string =>
  nameOf(nodes.find(({ host, port }) => `${host}:${port}` === address) ?? { host: 'nobody', port: 0 });
const weighed = (nodes: readonly PlacementNode[]): Record<string, number> =>
  Object.fromEntries(nodes.map((node) => [nameOf(node), node.weight ?? 1]));

type Owner = (key: string) => string;

function expectSame(kind: PlacementKind, nodes: readonly PlacementNode[], real: Owner, asked = keys): void {
  const placement = createPlacement(kind, nodes);
  expect(asked.map((key) => placement.owners(key, 1)[0])).toEqual(asked.map(real));
}

describe.each(sets)('over %s', (_, nodes) => {
  it('npm-hashring places as hashring, and so do its successors', () => {
    const ring = new HashRingClass(weighed(nodes));
    expectSame('npm-hashring', nodes, (key) => ring.range(key, 1, true)[0] ?? '');
    const placement = createPlacement('npm-hashring', nodes);
    for (const key of keys.slice(0, 300))
      expect(placement.owners(key, 3)).toEqual(ring.range(key, 3, true).slice(0, 3));
  });

  it('npm-hashring-sha1 places as hashring with sha1', () => {
    const ring = new HashRingClass(weighed(nodes), 'sha1');
    expectSame('npm-hashring-sha1', nodes, (key) => ring.range(key, 1, true)[0] ?? '');
  });

  it('npm-hashring-hash_ring-compat places as hashring compatible with hash_ring', () => {
    const ring = new HashRingClass(weighed(nodes), 'md5', { compatibility: 'hash_ring' });
    expectSame('npm-hashring-hash_ring-compat', nodes, (key) => ring.range(key, 1, true)[0] ?? '');
  });

  it('npm-hashring-vnodes places as hashring with digests of its own per node', () => {
    const own = nodes.map((node, i) => ({ ...node, vnodes: 10 + 15 * i }));
    const ring = new HashRingClass(
      Object.fromEntries(own.map((node) => [nameOf(node), { vnodes: node.vnodes, weight: node.weight ?? 1 }])),
    );
    expectSame('npm-hashring-vnodes', own, (key) => ring.range(key, 1, true)[0] ?? '');
  });

  it('npm-memcached places as memcached', () => {
    const ring = new Memcached(weighed(nodes)).HashRing;
    expectSame('npm-memcached', nodes, (key) => ring.range(key, 1, true)[0] ?? '');
  });

  it('npm-memjs places as memjs', () => {
    const client = memjs.Client.create(nodes.map(({ host, port }) => `${host}:${port}`).join());
    expectSame('npm-memjs', nodes, (key) => {
      const { host, port } = client.server(key);
      return byAddress(nodes, `${host}:${port}`);
    });
    client.close();
  });

  it('npm-memcache and npm-memcache-modula place as memcache', () => {
    for (const hash of [undefined, new ModulaHash()]) {
      const client = new Memcache({ nodes: [], ...(hash === undefined ? {} : { hash }) });
      for (const { host, port, weight = 1 } of nodes) void client.addNode(`${host}:${port}`, weight);
      const hashes: Hashes = client.hash;
      const kind = hash === undefined ? 'npm-memcache' : 'npm-memcache-modula';
      expectSame(kind, nodes, (key) => byAddress(nodes, hashes.getNodesByKey(key)[0]?.id ?? ''));
    }
  });
});

it('npm-memcached leaves the port 11211 out where memcached finds it: not behind an IPv6 address, but in a name', () => {
  const addresses = ['::1', 'fe80::17ad', '2001:db8::2'].map((host) => ({ host, port: 11211 }));
  for (const nodes of [addresses, equal(3).map((node, i) => ({ ...node, name: `cache-${i}:11211` }))]) {
    const ring = new Memcached(weighed(nodes)).HashRing;
    expectSame('npm-memcached', nodes, (key) => ring.range(key, 1, true)[0] ?? '', keys.slice(0, 500));
  }
});

describe('over any nodes', () => {
  const overAny = (kind: PlacementKind, ownerIn: (nodes: readonly PlacementNode[]) => Owner): void => {
    it(kind, () => {
      fc.assert(
        fc.property(nodeSets, (nodes) => expectSame(kind, nodes, ownerIn(nodes), keys.slice(0, 200))),
        { numRuns: 50 },
      );
    });
  };
  const first =
    (ring: HashRing): Owner =>
    (key) =>
      ring.range(key, 1, true)[0] ?? '';

  overAny('npm-hashring', (nodes) => first(new HashRingClass(weighed(nodes))));
  overAny('npm-hashring-sha1', (nodes) => first(new HashRingClass(weighed(nodes), 'sha1')));
  overAny('npm-memcached', (nodes) => first(new Memcached(weighed(nodes)).HashRing));
  overAny('npm-memjs', (nodes) => {
    const client = memjs.Client.create(nodes.map(({ host, port }) => `${host}:${port}`).join());
    return (key) => {
      const { host, port } = client.server(key);
      return `${host}:${port}`;
    };
  });
  overAny('npm-memcache', (nodes) => {
    const client = new Memcache({ nodes: [] });
    for (const { host, port, weight = 1 } of nodes) void client.addNode(`${host}:${port}`, weight);
    const hashes: Hashes = client.hash;
    return (key) => byAddress(nodes, hashes.getNodesByKey(key)[0]?.id ?? '');
  });
});
