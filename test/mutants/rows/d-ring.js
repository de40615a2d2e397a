/** Faults of rows D1 to D15. */

import { plant } from './plant.js';

const JUDGE = 'cluster/ledger/judge.ts';
const WRITE = 'replication/key-write.ts';
const NO_FORMER = [
  'const node = formerReads.underWay < formerReads.limit ? former.shift() : undefined;',
  'const node = formerReads.underWay < 0 ? former.shift() : undefined;',
];

export default [
  plant('D1', 'points depend on how many nodes there are', 'ring/virtual-nodes.ts', [
    'at[next] = xxh32(label + i);',
    'at[next] = xxh32(names.length + label + i);',
  ]),
  plant('D2', 'a masked node has all keys placed anew', 'ring/ring.ts', [
    'return this.table.ownersInto(hash, count, into, mask);',
    'return this.table.ownersInto(mask === undefined ? hash : (hash ^ 0x40000000) >>> 0, count, into, mask);',
  ]),
  plant(
    'D3',
    'a node is let back before what it is owed is paid, and owes nothing to reads',
    JUDGE,
    [
      'distrust(node: NodeLedger, hash: number, key: string, place: number): Distrust {',
      "distrust(node: NodeLedger, hash: number, key: string, place: number): Distrust {\n    if (place >= 0) return 'no';",
    ],
    ['if (!this.floors.isConfirmedBy(at, node.witness) && (', 'if (floor < 0 && ('],
    [
      'return node.isClean || (!node.connections.has(hash, key) && floor > boundAt(node, hash, place));',
      'return true;',
    ],
    [
      'if (isReady && (isPaid(node) || ',
      'if (isReady && (!isPaid(node) || isPaid(node) || ',
      'cluster/health-monitor.ts',
    ],
  ),
  plant('D4', 'a refusal by one owner counts as its confirmation', WRITE, [
    'this.error = error;\n    if (attempt.sentOn',
    'this.error = error;\n    this.confirmed++;\n    if (attempt.sentOn',
  ]),
  plant('D5', 'stamps are not compared with the floor', JUDGE, ['if (reached < floor) return false;', '']),
  plant('D6', 'keys on their way are a miss', 'replication/key-read.ts', NO_FORMER),
  plant('D7', 'what a stand-in stores lives as long as on its owner', 'replication/stand-in.ts', [
    'return ttlMs === 0 ? standInTtlMs : Math.min(ttlMs, standInTtlMs);',
    'return ttlMs;',
  ]),
  plant('D8', 'a call waits for nodes that are known to be down', 'node/pipeline.ts', [
    'if (link.isDown) {',
    'if (link.isDown && link.isClosed) {',
  ]),
  plant('D9', 'no pause between two connects', 'node/link.ts', [
    'void this.#connect(), pauseMs)',
    'void this.#connect(), 0 * pauseMs)',
  ]),
  plant('D10', 'whoever fails its probes is ejected, however many they are', 'cluster/health-monitor.ts', [
    'return masked <= total * share + 1e-9 && this.#watches.size > 1;',
    'return masked <= total + share;',
  ]),
  plant('D11', 'a node that returned stays on the list of the dead', 'cluster/failure-detector.ts', [
    "return this.#state === 'ejected' && now >= this.#until",
    "return this.#state === 'unknown' && now >= this.#until",
  ]),
  plant('D12', 'the probe reads nothing of the data', 'assembly/probe.ts', [
    'const value = Buffer.from(String(clock.wall()));',
    'const value = Buffer.from(String(clock.wall()));\n    if (node.name.length > 0) return value.length > 0;',
  ]),
  plant('D13', 'a delete that an owner missed is not owed to it', WRITE, [
    'this.owe(attempt, error);\n    this.error = error;',
    'this.error = error;',
  ]),
  plant('D14', 'nobody asks the former owner', 'replication/key-read.ts', NO_FORMER),
  plant('D15', 'a count that timed out is tried again', 'replication/conditional-write.ts', [
    'const outcome = await this.#ask(node, submit);\n    const clearing',
    'const first = await this.#ask(node, submit);\n    const outcome = first.failure === undefined ? first : await this.#ask(node, submit);\n    const clearing',
  ]),
];
