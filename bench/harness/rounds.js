/**
 * Runs one workload over its contenders, round by round: in each round every contender has one turn, and the order turns
 * from round to round, so that whatever else the machine does hits all alike. What counts is the ratio within a round.
 */

/** A contender that leaves more than one call in so many without its answer is out. */
const UNANSWERED_LIMIT = 1_000;
const WARM_UP_MS = 150;
const RAMP_MS = 20;

/**
 * @param {object} workload see workloads.js
 * @param {{ label: string, process: object, operation: string, letter: string, out?: string }[]} entries
 * @param {{ flush(): Promise<void>, onTurn?(): void }} settings
 * @returns {Promise<object[]>} one row an entry: `rounds` of results, latencies over all of them, `out` for the reason why it
 *   does not count
 */
export async function runRounds(workload, entries, { flush, onTurn = () => undefined }) {
  const rows = entries.map(({ label, out }) => ({
    label,
    rounds: [],
    latencies: undefined,
    out,
    issued: 0,
    unanswered: 0,
  }));
  const { inFlight, timeEvery, rounds, sliceMs } = workload;
  const turn = async (n, act) => {
    if (rows[n].out === undefined) {
      try {
        await act(entries[n], rows[n]);
      } catch (error) {
        rows[n].out = error.message;
      }
    }
    onTurn();
  };
  await flush();
  for (const n of entries.keys())
    await turn(n, async ({ process, operation, letter }, row) => {
      await process.ask('prepare', { row: n, operation, dataset: { ...workload.dataset, letter } });
      judge(row, await process.ask('slice', { row: n, inFlight, timeEvery, rampMs: 0, sliceMs: WARM_UP_MS }));
    });
  for (let round = 0; round < rounds; round++)
    for (let k = 0; k < entries.length; k++) {
      const n = (round + k) % entries.length;
      await turn(n, async ({ process }, row) => {
        const result = await process.ask('slice', { row: n, inFlight, timeEvery, rampMs: RAMP_MS, sliceMs });
        row.rounds[round] = result;
        judge(row, result);
      });
    }
  for (const n of entries.keys())
    await turn(n, async ({ process }, row) => {
      row.latencies = await process.ask('verify', { row: n });
    });
  return rows;
}

function judge(row, { issued, wrong, unanswered, example }) {
  row.issued += issued;
  row.unanswered += unanswered;
  if (wrong > 0) row.out = `${wrong} wrong answers (${example})`;
  else if (row.unanswered * UNANSWERED_LIMIT > row.issued)
    row.out = `${row.unanswered} of ${row.issued} calls unanswered (${example})`;
}
