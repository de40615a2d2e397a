import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createPlacement,
  isPlacementKind,
  PLACEMENT_KINDS,
  type Placement,
  type PlacementNode,
} from '../../../src/placements.js';

const nodesOf = (count: number): PlacementNode[] =>
  Array.from({ length: count }, (_, i) => ({ host: `10.0.0.${i}`, port: 11211 + (i % 3) }));

function create(kind: string, nodes: readonly PlacementNode[]): Placement {
  if (!isPlacementKind(kind)) throw new Error(`no kind ${kind}`);
  return createPlacement(kind, nodes);
}

const oddKeys = [
  '',
  'toString',
  '__proto__',
  'constructor',
  '\0',
  '\ud800',
  '日本',
  'k'.repeat(70_000),
  '{tag}x',
  '{}',
];
const keys = [...oddKeys, ...Array.from({ length: 60 }, (_, i) => `user:${i * 7919}`)];

describe.each(PLACEMENT_KINDS)('%s', (kind) => {
  it('gives distinct owners, as many as asked for and there are', () => {
    const placement = create(kind, nodesOf(6));
    for (const key of keys) {
      const all = placement.owners(key, 9);
      expect(new Set(all).size).toBe(6);
      for (const count of [0, 1, 2, 5]) expect(placement.owners(key, count)).toEqual(all.slice(0, count));
      expect(placement.members[placement.primaryOf(placement.hash(key), key)]?.name).toBe(all[0]);
    }
  });

  it('walks past masked nodes and keeps the order of the others', () => {
    const placement = create(kind, nodesOf(6));
    const property = fc.property(
      fc.constantFrom(...keys),
      fc.nat(63),
      fc.integer({ min: 1, max: 6 }),
      (key, bits, count) => {
        const mask = Uint8Array.from(placement.members, (_, node) => (bits >> node) & 1);
        const live = placement.owners(key, 6).filter((name) => {
          return mask[placement.members.findIndex((member) => member.name === name)] === 0;
        });
        expect(placement.owners(key, count, mask)).toEqual(live.slice(0, count));
      },
    );
    fc.assert(property, { numRuns: 40 });
  });

  it('puts copies into distinct zones while there are enough', () => {
    const zoned = nodesOf(6).map((node, i) => ({ ...node, zone: i < 4 ? 'x' : 'y' }));
    const placement = create(kind, zoned);
    const plain = create(kind, nodesOf(6));
    const zoneOf = new Map(placement.members.map(({ name, zone }) => [name, zone]));
    for (const key of keys) {
      const owners = placement.owners(key, 6);
      expect(owners[0]).toBe(plain.owners(key, 1)[0]);
      expect(zoneOf.get(owners[0] ?? '')).not.toBe(zoneOf.get(owners[1] ?? ''));
      expect(new Set(owners).size).toBe(6);
    }
  });

  it('has an answer for one node and none for no node', () => {
    const none = create(kind, []);
    expect(none.owners('k', 2)).toEqual([]);
    expect(none.primaryOf(none.hash('k'), 'k')).toBe(-1);
    const one = create(kind, [{ host: 'h', port: 1, name: 'only' }]);
    for (const key of keys) expect(one.owners(key, 2)).toEqual(['only']);
    expect(one.owners('k', 1, Uint8Array.of(1))).toEqual([]);
  });

  it('plans, distributes and has a fingerprint of its own nodes', () => {
    const placement = create(kind, nodesOf(3));
    expect(create(kind, nodesOf(3)).fingerprint).toBe(placement.fingerprint);
    expect(create(kind, nodesOf(4)).fingerprint).not.toBe(placement.fingerprint);
    const plan = placement.plan(create(kind, nodesOf(4)));
    const shares = placement.distribution();
    const before = [...shares.values()].reduce((sum, share) => sum + share, 0);
    expect(before).toBeCloseTo(1, 9);
    expect(plan.isExact).toBe(false);
    for (const [name, share] of shares) {
      const leaves = plan.moves.filter(({ from }) => from === name).reduce((sum, move) => sum + move.share, 0);
      const comes = plan.moves.filter(({ to }) => to === name).reduce((sum, move) => sum + move.share, 0);
      expect(share - leaves + comes).toBeCloseTo(plan.after[name] ?? 0, 9);
    }
  });
});

describe('createPlacement', () => {
  it('offers every kind under its name and under the one its publisher is filed by', () => {
    expect(PLACEMENT_KINDS.length).toBeGreaterThan(90);
    expect(isPlacementKind('published-libketama')).toBe(true);
    expect(isPlacementKind('toString')).toBe(false);
    expect(create('twemproxy-redis-ketama-md5', nodesOf(5)).fingerprint).toBe(
      create('twemproxy-ketama-md5', nodesOf(5)).fingerprint,
    );
  });

  it('gives one fingerprint to kinds that place alike, and several to those that do not', () => {
    const ports = Array.from({ length: 5 }, (_, i) => ({ host: '127.0.0.1', port: 17011 + i }));
    const prints = (nodes: readonly PlacementNode[], ...kinds: string[]): number =>
      new Set(kinds.map((kind) => create(kind, nodes).fingerprint)).size;
    expect(prints(ports, 'npm-hashring', 'npm-memcached', 'libmemcached-ketama-weighted', 'twemproxy-ketama-md5')).toBe(
      1,
    );
    expect(prints(nodesOf(7), 'npm-memcached', 'libmemcached-ketama-weighted')).toBe(2);
    expect(prints(nodesOf(5), 'npm-memcached', 'npm-hashring')).toBe(2);
    expect(prints(ports, 'twemproxy-ketama-md5', 'twemproxy-ketama-fnv1a_64', 'twemproxy-modula-md5')).toBe(3);
  });

  it('refuses what it does not know and what cannot be', () => {
    const [node = { host: '', port: 0 }] = nodesOf(1);
    expect(() => create('ketama', [node])).toThrow(/no kind/);
    // @ts-expect-error: a kind out of a configuration file
    expect(() => createPlacement('ketama', [node])).toThrow(RangeError);
    for (const kind of [undefined, null, 5, {}]) {
      // @ts-expect-error: a kind out of a configuration file
      expect(isPlacementKind(kind)).toBe(false);
      // @ts-expect-error: a kind out of a configuration file
      expect(() => createPlacement(kind, [node])).toThrow(RangeError);
    }
    expect(() => createPlacement('npm-memjs', [node, node])).toThrow(RangeError);
    expect(() => createPlacement('npm-memjs', [{ ...node, weight: 0 }])).toThrow(RangeError);
    expect(() => createPlacement('npm-memjs', [{ ...node, name: '' }])).toThrow(RangeError);
    expect(() => createPlacement('twemproxy-modula-md5', [{ ...node, weight: 1e9 }])).toThrow(RangeError);
  });
});

describe('nodes out of a configuration file', () => {
  const [node = { host: 'h', port: 1 }] = nodesOf(1);
  const wrong: [string, unknown, RegExp][] = [
    ['a text', 'h:1', /nodes .* list/],
    ['a list with a hole', [undefined], /node 0/],
    ['texts', ['h:1'], /node 0/],
    ['no host', [node, { port: 1 }], /host of node 1/],
    ['no port', [{ host: 'h' }], /port of node 0/],
    ['a port of text', [{ host: 'h', port: '11211' }], /port of node 0/],
    ['a port out of range', [{ host: 'h', port: 65_536 }], /port of node 0/],
    ['a port below 0', [{ host: 'h', port: -1 }], /port of node 0/],
    ['a port that is no number', [{ host: 'h', port: Number.NaN }], /port of node 0/],
    ['a name that is a number', [{ ...node, name: 7 }], /name of node 0/],
    ['a weight below 0', [{ ...node, weight: -1 }], /weight/],
    ['a weight that is no number', [{ ...node, weight: Number.NaN }], /weight/],
    ['a weight of text', [{ ...node, weight: '2' }], /weight/],
    ['a weight without end', [{ ...node, weight: Number.POSITIVE_INFINITY }], /weight/],
    ['digests that are no number', [{ ...node, vnodes: Number.NaN }], /vnodes/],
  ];

  it.each(wrong)('%s is refused by every kind', (_, nodes, reason) => {
    for (const kind of PLACEMENT_KINDS) {
      if (!isPlacementKind(kind)) continue;
      let error: unknown;
      try {
        // @ts-expect-error: not what the types allow
        createPlacement(kind, nodes);
      } catch (thrown) {
        error = thrown;
      }
      expect(error, kind).toBeInstanceOf(RangeError);
      expect(String(error), kind).toMatch(reason);
    }
  });
});

describe('labels of spymemcached', () => {
  it('are what Java writes an address as', () => {
    const owners = (kind: string, nodes: readonly PlacementNode[]): (string | undefined)[] => {
      const placement = create(kind, nodes);
      return keys.map((key) => placement.owners(key, 1)[0]);
    };
    const names = ['a', 'b', 'c'];
    const place = (hosts: readonly [string, string?][]) =>
      owners(
        'spymemcached-ketama',
        hosts.map(([host, ip], i) => ({
          host,
          port: 11211,
          name: names[i] ?? '',
          ...(ip === undefined ? {} : { ip }),
        })),
      );
    // libketama takes its label as written: the Java text can be spelled out there.
    const spelled = (labels: readonly string[]) => {
      const placement = create(
        'npm-hashring',
        labels.map((name, i) => ({ host: 'h', port: i + 1, name })),
      );
      return keys.map((key) => names[labels.indexOf(placement.owners(key, 1)[0] ?? '')]);
    };
    expect(place([['127.0.0.1'], ['::1'], ['fe80::abcd:0012']])).toEqual(
      spelled(['127.0.0.1:11211', '[0:0:0:0:0:0:0:1]:11211', '[fe80:0:0:0:0:0:abcd:12]:11211']),
    );
    expect(place([['localhost', '127.0.0.1'], ['cache', '::1'], ['unknown.invalid']])).toEqual(
      spelled(['localhost/127.0.0.1:11211', 'cache/[0:0:0:0:0:0:0:1]:11211', 'unknown.invalid/<unresolved>:11211']),
    );
    expect(place([['::ffff:10.0.0.1'], ['10.0.0.2'], ['10.0.0.3']])).toEqual(
      spelled(['10.0.0.1:11211', '10.0.0.2:11211', '10.0.0.3:11211']),
    );
  });
});

describe('dalli', () => {
  it('places by the greatest point at or below the hash, as its ring says', async () => {
    const { createHash } = await import('node:crypto');
    const { crc32 } = await import('node:zlib');
    const nodes = nodesOf(4).map((node, i) => ({ ...node, weight: i + 1 }));
    const points = nodes
      .flatMap(({ host, port, weight }) =>
        Array.from({ length: Math.floor((4 * 160 * weight) / 10) }, (_, i) => ({
          name: `${host}:${port}`,
          at: createHash('sha1').update(`${host}:${port}:${i}`).digest().readUInt32BE(0),
        })),
      )
      .sort((a, b) => a.at - b.at);
    const placement = create('dalli', nodes);
    for (let i = 0; i < 2000; i++) {
      const key = `ключ:${i}`;
      const hash = crc32(Buffer.from(key));
      expect(placement.owners(key, 1)[0]).toBe((points.findLast(({ at }) => at <= hash) ?? points.at(-1))?.name);
    }
  });
});
