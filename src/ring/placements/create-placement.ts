/** Which client's rule is called what: one table from kind to placement. */

import { shown } from '../../base/shown.js';
import type { Placement } from '../placement.js';
import { dalli } from './dalli.js';
import { ENVOY_RING_HASHES, type EnvoyRingHash, envoyMaglev, envoyRing } from './envoy.js';
import { goRedisRing } from './go-redis-ring.js';
import { gomemcache } from './gomemcache.js';
import { JUMP_HASHES, type JumpHash, jump } from './jump.js';
import { libketama } from './libketama.js';
import {
  LIBMEMCACHED_HASHES,
  type LibmemcachedHash,
  libmemcachedKetama,
  libmemcachedKetamaWeighted,
  libmemcachedModula,
  libmemcachedSpy,
} from './libmemcached.js';
import {
  npmHashring,
  npmHashringHashRingCompat,
  npmHashringSha1,
  npmHashringVnodes,
  npmMemcached,
} from './npm-hashring.js';
import { npmMemcache, npmMemcacheModula } from './npm-memcache.js';
import { npmMemjs } from './npm-memjs.js';
import { checkNodes, type PlacementNode } from './placement-node.js';
import { pymemcacheRendezvous } from './pymemcache.js';
import { pythonHashRing } from './python-hash-ring.js';
import { pythonMemcached } from './python-memcached.js';
import { SPYMEMCACHED_HASHES, type SpymemcachedHash, spymemcachedKetama, spymemcachedMod } from './spymemcached.js';
import { TWEMPROXY_HASHES, type TwemproxyHash, twemproxyKetama, twemproxyModula } from './twemproxy.js';

type Builder = (nodes: readonly PlacementNode[]) => Placement;

const SINGLE = {
  dalli,
  'envoy-maglev': envoyMaglev,
  'go-redis-ring': goRedisRing,
  gomemcache,
  libketama,
  'libmemcached-ketama': (nodes) => libmemcachedKetama(nodes, 'default'),
  'libmemcached-ketama-weighted': libmemcachedKetamaWeighted,
  'libmemcached-spy': libmemcachedSpy,
  'npm-hashring': npmHashring,
  'npm-hashring-hash_ring-compat': npmHashringHashRingCompat,
  'npm-hashring-sha1': npmHashringSha1,
  'npm-hashring-vnodes': npmHashringVnodes,
  'npm-memcache': npmMemcache,
  'npm-memcache-modula': npmMemcacheModula,
  'npm-memcached': npmMemcached,
  'npm-memjs': npmMemjs,
  'pylibmc-ketama_weighted': libmemcachedKetamaWeighted,
  'pymemcache-rendezvous': pymemcacheRendezvous,
  'python-hash_ring': pythonHashRing,
  'python-memcached': pythonMemcached,
  'spymemcached-ketama': (nodes) => spymemcachedKetama(nodes, { isWeighted: false, format: 'spymemcached' }),
  'spymemcached-ketama-libmemcached': (nodes) =>
    spymemcachedKetama(nodes, { isWeighted: false, format: 'libmemcached' }),
  'spymemcached-ketama-weighted': (nodes) => spymemcachedKetama(nodes, { isWeighted: true, format: 'spymemcached' }),
  'spymemcached-ketama-weighted-libmemcached': (nodes) =>
    spymemcachedKetama(nodes, { isWeighted: true, format: 'libmemcached' }),
} as const satisfies Readonly<Record<string, Builder>>;

/** The rule of one client in one configuration. `twemproxy-redis-…` places as `twemproxy-…` does. */
export type PlacementKind =
  | keyof typeof SINGLE
  | `envoy-ring-${EnvoyRingHash}`
  | `jump-${JumpHash}`
  | `libmemcached-ketama-${LibmemcachedHash}`
  | `libmemcached-modula-${LibmemcachedHash}`
  | `spymemcached-mod-${SpymemcachedHash}`
  | `twemproxy-${'' | 'redis-'}${'ketama' | 'modula'}-${TwemproxyHash}`;

const PUBLISHED = 'published-';

const BUILDERS: ReadonlyMap<string, Builder> = new Map<string, Builder>([
  ...Object.entries(SINGLE),
  ...family('envoy-ring-', ENVOY_RING_HASHES, envoyRing),
  ...family('jump-', JUMP_HASHES, jump),
  ...family('libmemcached-ketama-', LIBMEMCACHED_HASHES, libmemcachedKetama),
  ...family('libmemcached-modula-', LIBMEMCACHED_HASHES, libmemcachedModula),
  ...family('spymemcached-mod-', SPYMEMCACHED_HASHES, spymemcachedMod),
  ...['twemproxy-', 'twemproxy-redis-'].flatMap((prefix) => [
    ...family(`${prefix}ketama-`, TWEMPROXY_HASHES, twemproxyKetama),
    ...family(`${prefix}modula-`, TWEMPROXY_HASHES, twemproxyModula),
  ]),
]);

/** Every kind there is, sorted. */
export const PLACEMENT_KINDS: readonly string[] = Object.freeze([...BUILDERS.keys()].sort());

export function isPlacementKind(kind: string): kind is PlacementKind {
  return builderOf(kind) !== undefined;
}

/**
 * The placement of another client over these nodes. Nodes come in the order of that client's configuration, which many
 * rules depend on.
 *
 * @throws RangeError for an unknown kind, a node that is none (its host, port or name), a name that is there twice, or a
 * weight that is not above 0.
 */
export function createPlacement(kind: PlacementKind, nodes: readonly PlacementNode[]): Placement {
  const build = builderOf(kind);
  if (build === undefined)
    throw new RangeError(`unknown placement ${shown(kind)}; there are ${PLACEMENT_KINDS.join(', ')}`);
  checkNodes(nodes);
  return build(nodes);
}

/** Answers published by a client itself carry its kind behind `published-`. */
function builderOf(kind: string): Builder | undefined {
  if (typeof kind !== 'string') return undefined;
  return BUILDERS.get(kind.startsWith(PUBLISHED) ? kind.slice(PUBLISHED.length) : kind);
}

function family<Hash extends string>(
  prefix: string,
  hashes: Readonly<Record<Hash, unknown>>,
  build: (nodes: readonly PlacementNode[], hash: Hash) => Placement,
): [string, Builder][] {
  return namesOf(hashes).map((hash) => [prefix + hash, (nodes) => build(nodes, hash)]);
}

function namesOf<Name extends string>(record: Readonly<Record<Name, unknown>>): Name[] {
  const names: Name[] = [];
  for (const name in record) names.push(name);
  return names;
}
