/** The core under a client: nodes in the order of the list, each with a driver that serves keys and flags as other clients do. */

import { verbatimMemcached } from '../../assembly/drivers.js';
import { systemClock } from '../../base/clock.js';
import type { CacheParts } from '../../cache-parts.js';
import { assembleParts } from '../../create-cache.js';
import { KeySpace } from '../../key.js';
import type { NodeOptions } from '../../options/node-options.js';
import type { ClientSettings } from './client-options.js';
import { credentialsOf, type Environment, type ListedServer, nameOf } from './server-list.js';

const LONGEST_KEY_BYTES = 250;
const DEFAULT_MAX_VALUE_BYTES = 64 * 1024 * 1024;

export interface Core {
  readonly parts: CacheParts;
  /** Every server is spoken to in the binary protocol, in which keys may hold anything. */
  readonly takesAnyKey: boolean;
}

/** @throws OptionError before anything opens */
export function openCore(servers: readonly ListedServer[], settings: ClientSettings, env: Environment): Core {
  const nodes = nodesOf(servers, settings, env);
  const parts = assembleParts(
    { ...settings.core, nodes, codec: 'bytes', onUnavailable: 'throw', fallback: false },
    new Set(),
    KeySpace.verbatim(LONGEST_KEY_BYTES),
  );
  const { attemptMs } = parts.read;
  // As with memjs, whose time runs while nothing arrives on a socket: a burst is answered, however many calls it has.
  for (const { patience } of parts.topology.nodes) patience.flowMs = attemptMs;
  return { parts, takesAnyKey: nodes.every(({ driver }) => driver?.kind === 'memcached+sasl') };
}

function nodesOf(servers: readonly ListedServer[], settings: ClientSettings, env: Environment): NodeOptions[] {
  const { clock = systemClock, unref = false, maxValueBytes = DEFAULT_MAX_VALUE_BYTES } = settings.core;
  return servers.map((server, i) => {
    const { host, port } = server;
    const credentials = credentialsOf(server, settings, env);
    const isBinary = (settings.protocol ?? (credentials === undefined ? 'meta' : 'binary')) === 'binary';
    const name = nameOf(server);
    // A list may name a server twice, which then owns two shares.
    const before = servers.slice(0, i).filter((other) => nameOf(other) === name).length;
    return {
      name: nameOf(server, before + 1),
      driver: verbatimMemcached({ address: { host, port }, credentials, isBinary }, { clock, maxValueBytes, unref }),
    };
  });
}
