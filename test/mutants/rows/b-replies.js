/** Faults of rows B1 to B13. */

import { plant } from './plant.js';

const ERRORS = 'errors.ts';
const LINK = 'node/link.ts';
const MEMCACHED = 'driver/memcached/server-errors.ts';
const CONNECT_FOR_EACH_CALL = [
  [
    "return this.#state === 'waiting' || this.#state === 'closed' || this.#failures > 0;",
    "return this.#state === 'closed';",
  ],
  [
    "if (this.#state === 'idle') void this.#connect();",
    "if (this.#state === 'idle' || this.#state === 'waiting') void this.#connect();",
  ],
];

export default [
  plant('B1', 'OOM counts as a failure of the node', ERRORS, ["full: 'caller',", "full: 'node',"]),
  plant('B2', 'a connection to a node that became a replica is kept', 'node/connection-doubts.ts', [
    'this.#clock.setSoon(() => this.#lanes.each((pipeline) => pipeline.link.renew(why)));',
    'why.toString();',
  ]),
  plant('B3', 'a server that loads its data passes for ready', 'driver/redis/open-connection.ts', [
    "if (field('loading') === '1')",
    "if (field('loading') === 'never')",
  ]),
  plant('B3', 'LOADING is a refusal of this one operation', ERRORS, ["loading: 'node',", "loading: 'caller',"]),
  plant('B4', 'the probe reads nothing of the data', 'assembly/probe.ts', [
    'const value = Buffer.from(String(clock.wall()));',
    'const value = Buffer.from(String(clock.wall()));\n    if (node.name.length > 0) return value.length > 0;',
  ]),
  plant('B5', 'a node of a cluster is connected to again as if it were merely away', LINK, [
    "(error.reason === 'auth' || error.reason === 'cluster')",
    "error.reason === 'auth'",
  ]),
  plant('B5', 'MOVED counts for nothing', ERRORS, ["cluster: 'node',", "cluster: 'caller',"]),
  plant('B6', 'a full server is connected to by every call', LINK, ...CONNECT_FOR_EACH_CALL),
  plant('B7', 'a full server is connected to by every call', LINK, ...CONNECT_FOR_EACH_CALL),
  plant('B8', 'BUSY is an error of this one call', 'driver/redis/redis-errors.ts', ["['BUSY', 'busy'],", '']),
  plant('B9', 'too large is a refusal like any other', MEMCACHED, [
    '/object too large/i.test(text)',
    '/never said/.test(text)',
  ]),
  plant('B10', 'out of memory counts against the node', MEMCACHED, [
    "[/out of memory/i, 'full'],",
    "[/out of memory/i, 'busy'],",
  ]),
  plant('B11', 'a foreign type counts against the node', ERRORS, ["'wrong-type': 'caller',", "'wrong-type': 'node',"]),
  plant('B12', 'an unknown error counts against the node', ERRORS, ["rejected: 'caller',", "rejected: 'node',"]),
  plant('B13', 'what ioredis attaches to its errors is passed on', 'driver/redis/open-stream.ts', [
    "if (reply instanceof NodeError && reply.reason !== 'rejected') return reply;",
    "if (reply instanceof NodeError && reply.reason !== 'rejected')\n      return new NodeError(reply.reason, reply.message, { cause });",
  ]),
];
