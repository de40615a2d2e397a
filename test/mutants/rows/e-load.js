/** Faults of rows E1 to E11. */

import { plant } from './plant.js';

const PIPELINE = 'node/pipeline.ts';
const ROOM = 'const room = (this.#gradient?.limit ?? this.#limits.maxInFlight) - connection.owed;';

export default [
  plant('E1', 'the queue has no bound', PIPELINE, ['owed + queue.count >= maxInFlight + maxQueued || ', '']),
  plant('E1', 'the wire has no bound', PIPELINE, [
    ROOM,
    'const room = this.#limits.maxInFlight + connection.owed * 0;',
  ]),
  plant('E2', 'one queue for all nodes', PIPELINE, [
    'if (queue.add(operation)) this.#context.turn.join(this);',
    `const all = ((globalThis as { pipelines?: Set<Pipeline> }).pipelines ??= new Set<Pipeline>());
    all.add(this);
    let under = 0;
    for (const each of all) under += each.inFlight + each.queued;
    if (under > 1_000) operation.fail(this.#fullError('full', owed));
    else if (queue.add(operation)) this.#context.turn.join(this);`,
  ]),
  plant(
    'E3',
    'the budget of retries is asked and never spent',
    'node/retry-budget.ts',
    ['this.#earned -= this.#price;', ''],
    ['this.#reserve -= 1;', ''],
  ),
  plant('E4', 'pauses are not drawn at random', 'node/link.ts', [
    'longest : random() * longest;',
    'longest : longest + random() * 0;',
  ]),
  plant('E5', 'equal reads of a turn are sent one by one', 'node/arrange.ts', [
    "if (same?.kind === 'get' && same.isExact === operation.isExact) {",
    "if (same?.kind === 'get' && same.isOver) {",
  ]),
  plant(
    'E6',
    'every caller that misses runs its own loader',
    'calls/load.ts',
    [
      'parts.flights.join(wire, hash, async (generation) => {',
      '((begin: (generation: number) => Promise<unknown>) => begin(parts.read.generations.snapshot(hash)))(async (generation) => {',
    ],
    ['const leave = plan.isLeased &&', 'const leave = plan.lifeMs < 0 &&'],
  ),
  plant('E7', 'a flight that failed stays in the table', 'near/single-flight.ts', [
    '(error: unknown) => {\n        land();',
    '(error: unknown) => {',
  ]),
  plant('E8', 'all keys of a list that a node has leave as one request', 'node/arrange.ts', [
    'export const MAX_BATCH = 512;',
    'export const MAX_BATCH = 100_000;',
  ]),
  plant('E9', 'a value of any length is waited for and gathered', 'driver/redis/resp-parser.ts', [
    'if (value > this.#maxBulkBytes) throw new BulkTooLarge(value);',
    '',
  ]),
  plant('E10', 'large values travel with the small ones', 'node/node-lanes.ts', [
    'return this.#pools[lane].of(hash);',
    'return this.#pools.interactive.of(hash);',
  ]),
  plant('E11', 'a batch is not sent before the one ahead of it was answered', PIPELINE, [
    'if (room <= 0) return;',
    'if (room <= 0 || connection.owed > 0) return;',
  ]),
];
