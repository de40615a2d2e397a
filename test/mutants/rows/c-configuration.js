/** Faults of rows C1 to C14. */

import { plant } from './plant.js';

const LINK = 'node/link.ts';
const STREAM = 'driver/redis/open-stream.ts';
const NO_DEADLINE = [
  '() => abort.abort(), this.#settings.connectMs)',
  '() => abort.abort(), this.#settings.connectMs * 100)',
];
const ASKED_OFTEN = ['const REFUSED_PAUSE_MS = 30_000;', 'const REFUSED_PAUSE_MS = 50;'];

export default [
  plant('C1', 'a refused password is tried again as if the node were merely away', LINK, ASKED_OFTEN),
  plant('C2', 'a missing password is tried again as if the node were merely away', LINK, ASKED_OFTEN),
  plant('C3', 'SASL that fails is a refusal like any other', 'driver/memcached/sasl-driver.ts', [
    "if (status !== 0) throw new NodeError('auth',",
    "if (status !== 0) throw new NodeError('rejected',",
  ]),
  plant('C4', 'the deadline of connecting does not cover the handshake', LINK, NO_DEADLINE),
  plant('C5', 'a connection closed during the handshake is told as that and no more', STREAM, [
    "new NodeError('lost', options.tls === undefined ?",
    "new NodeError('lost', options.tls === null ?",
  ]),
  plant('C6', 'any certificate is accepted', STREAM, [
    'rejectUnauthorized: tls.insecureSkipVerify !== true,',
    'rejectUnauthorized: false,',
  ]),
  plant('C7', 'a name that does not exist is a failure like any other', STREAM, [
    "if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')",
    "if (code === 'NEVER')",
  ]),
  plant('C8', 'the deadline of connecting does not cover the look-up', LINK, NO_DEADLINE),
  plant('C8', 'names are looked up without a limit', 'base/name-lookup.ts', [
    'const MOST_AT_ONCE = 2;',
    'const MOST_AT_ONCE = 200;',
  ]),
  plant('C9', 'only one family of addresses is tried', STREAM, [
    'noDelay: true,',
    'noDelay: true,\n            family: 6,',
  ]),
  plant(
    'C10',
    'the address of a node is remembered',
    'driver/redis/redis-driver.ts',
    [
      "return {\n    kind: 'redis',",
      "const first = { ...options, address: { ...options.address } };\n  return {\n    kind: 'redis',",
    ],
    [
      'connect: ({ signal }) => openConnection(options, signal, introduce),',
      'connect: ({ signal }) => openConnection(first, signal, introduce),',
    ],
  ),
  plant('C11', 'a weight is not checked', 'options/node-options.ts', [
    "if (typeof weight !== 'number' || !(weight > 0) || weight > 1000)",
    "if (typeof weight !== 'number')",
  ]),
  plant('C12', 'nodes that stay are built anew with each list', 'assembly/membership.ts', [
    'const node = now.find((one) => this.#isMeant(one, spec));',
    'const node = now.find((one) => this.#isMeant(one, spec) && one.name === spec.identity);',
  ]),
  plant('C13', 'a list is taken over up to its first mistake', 'assembly/membership.ts', [
    'const specs = parseNodes(list);',
    "const specs = parseNodes(list.length > 1 && typeof list !== 'string' ? list.slice(0, 1) : list);",
  ]),
  plant('C14', 'the query of a URL becomes options', 'options/node-options.ts', [
    'name: options.name ?? place,',
    "name: options.name ?? url.searchParams.get('name') ?? place,",
  ]),
];
