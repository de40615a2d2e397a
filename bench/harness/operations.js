/**
 * What one call of each kind is, and how its answer is checked. `issue(i)` makes the call for the i-th key; `judge(reply, i)`
 * says `RIGHT`, `UNANSWERED` (a miss although the value is there) or `WRONG`.
 */

export const RIGHT = 0;
export const UNANSWERED = 1;
export const WRONG = 2;

const isMiss = (reply) => reply === undefined || reply === null;
const SAMPLE = 200;
const LANES = 64;
const SETS_IN_MIX = 10;

function judgeValue({ values }) {
  return (reply, i) => (reply === values[i] ? RIGHT : isMiss(reply) ? UNANSWERED : WRONG);
}

function judgeStored({ stored }) {
  return (reply) => (reply === stored ? RIGHT : reply === false ? UNANSWERED : WRONG);
}

/** Calls `act` for each key, so many at a time. */
async function forEach(keys, act) {
  const all = keys[Symbol.iterator]();
  const lane = async () => {
    for (const i of all) await act(i);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

/** Every key stored by the contender itself, so that each finds them where it looks for them. */
function fill(client, data) {
  return forEach(data.keys.keys(), (i) => client.set(i));
}

/** Reads keys that the warm-up has certainly touched. */
async function readBack(client, data, expected) {
  await forEach(new Set(data.order.subarray(0, SAMPLE)), async (i) => {
    const found = await client.get(i);
    if (expected(i) !== undefined ? found !== expected(i) : !isMiss(found))
      throw new Error(`afterwards ${data.keys[i]} holds ${String(found).slice(0, 40)}`);
  });
}

const nothing = async () => undefined;

/**
 * @typedef {object} Operation
 * @property {(client: object, data: object) => Promise<void>} prepare before anything is timed
 * @property {(client: object, data: object) => { issue(i: number): Promise<unknown>, judge(reply: unknown, i: number): number }} start
 * @property {(client: object, data: object) => Promise<void>} verify after the last round; throws if something is wrong
 */

/** @type {Record<string, Operation>} */
export const operations = {
  get: {
    prepare: fill,
    start: (client, data) => ({ issue: client.get, judge: judgeValue(data) }),
    verify: nothing,
  },
  getOrSet: {
    prepare: fill,
    start: (client, data) => ({ issue: client.getOrSet, judge: judgeValue(data) }),
    verify: nothing,
  },
  set: {
    prepare: nothing,
    start: (client) => ({ issue: client.set, judge: judgeStored(client) }),
    verify: (client, data) => readBack(client, data, (i) => data.values[i]),
  },
  mix: {
    prepare: fill,
    start: (client, data) => {
      const judge = judgeValue(data);
      let turn = 0;
      return {
        issue: (i) => (++turn % SETS_IN_MIX === 0 ? client.set(i) : client.get(i)),
        judge: (reply, i) => (reply === client.stored ? RIGHT : judge(reply, i)),
      };
    },
    verify: (client, data) => readBack(client, data, (i) => data.values[i]),
  },
  /** Most keys are gone after the first round: a delete of an absent key costs a client the same. */
  delete: {
    prepare: fill,
    start: (client) => ({
      issue: client.delete,
      judge: (reply) => (typeof reply === 'object' ? WRONG : RIGHT),
    }),
    verify: (client, data) => readBack(client, data, () => undefined),
  },
  /** n increments of a counter answer 1 to n, each once: their sum tells whether one is missing or double. */
  increment: {
    prepare: (client, data) => {
      data.counted = new Float64Array(data.keys.length);
      data.summed = new Float64Array(data.keys.length);
      return forEach(data.keys.keys(), (i) => client.resetCounter(i));
    },
    start: (client, { counted, summed }) => ({
      issue: client.increment,
      judge: (reply, i) => {
        if (!Number.isSafeInteger(reply)) return WRONG;
        counted[i]++;
        summed[i] += reply;
        return RIGHT;
      },
    }),
    verify: async (_, { keys, counted, summed }) => {
      for (const [i, count] of counted.entries())
        if (summed[i] !== (count * (count + 1)) / 2) throw new Error(`${keys[i]} was not counted from 1 to ${count}`);
    },
  },
  /** Here `i` picks a list of keys. */
  getMany: {
    prepare: fill,
    start: (client, { lists, values }) => ({
      issue: (i) => client.getMany(lists[i % lists.length]),
      judge: (reply, at) => {
        const list = lists[at % lists.length];
        for (let n = 0; n < list.length; n++) {
          const found = client.nth(reply, n, list[n]);
          if (found !== values[list[n]]) return isMiss(found) ? UNANSWERED : WRONG;
        }
        return RIGHT;
      },
    }),
    verify: nothing,
  },
};
