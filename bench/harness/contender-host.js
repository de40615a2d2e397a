/**
 * The process of one contender. Each has its own, so that no contender's garbage, timers or compiled code weigh on
 * another; all but one of them wait at any time. The parent asks, one question at a time:
 *
 *   open    connect to the servers
 *   prepare make the data set of a workload, and store what its operation expects to find
 *   slice   run the load once
 *   verify  look afterwards whether what was answered is true, and tell the latencies of all slices
 */

import { loadContenders } from '../contenders/index.js';
import { createDataset } from './dataset.js';
import { Load } from './load.js';
import { operations } from './operations.js';

const { contenders } = await loadContenders();
const contender = contenders.get(process.argv[2]);
let attach;
/** What was prepared, by the row it belongs to: one contender may have several, with different operations. */
const prepared = new Map();

const answers = {
  async open(context) {
    attach = await contender.open({ ...context, backend: contender.backend });
  },

  async prepare({ row, operation, dataset }) {
    const data = createDataset(dataset);
    const client = attach(data);
    const { prepare, start, verify } = operations[operation];
    await prepare(client, data);
    prepared.set(row, { load: new Load(start(client, data), data.order), verify: () => verify(client, data) });
  },

  slice: ({ row, ...shape }) => prepared.get(row).load.run(shape),

  async verify({ row }) {
    const { load, verify } = prepared.get(row);
    prepared.delete(row);
    await verify();
    const { latencies } = load;
    const [p50, p99, p999] = [50, 99, 99.9].map((share) => latencies.percentile(share) / 1_000);
    return { p50, p99, p999, timed: latencies.count };
  },
};

process.on('message', async ({ question, details }) => {
  try {
    process.send({ answer: await answers[question](details) });
  } catch (error) {
    process.send({ error: `${question}: ${error.message}` });
  }
});
process.on('disconnect', () => process.exit());
process.send({ answer: 'ready' });
