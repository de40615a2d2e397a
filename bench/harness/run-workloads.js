/** Runs workloads over the contenders they name: servers and processes are started, kept for all, and stopped. */

import { loadContenders } from '../contenders/index.js';
import { ContenderProcess } from './contender-process.js';
import { describeEnvironment, load } from './environment.js';
import { Progress } from './progress.js';
import { runRounds } from './rounds.js';
import { startServers } from './servers.js';
import { spread } from './statistics.js';

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const NODES = 3;

/**
 * @param {object[]} workloads see workloads.js
 * @param {{ onWorkload?(result: object): void }} settings
 * @returns {Promise<{ environment: object, missing: string[], workloads: object[] }>}
 */
export async function runWorkloads(workloads, { onWorkload = () => undefined } = {}) {
  const { contenders, missing } = await loadContenders();
  const wanted = new Set(workloads.flatMap(({ entries }) => entries.map(({ contender }) => contender)));
  const used = [...wanted].map((id) => contenders.get(id)).filter((contender) => contender !== undefined);
  const backends = new Set(used.map(({ backend }) => backend));
  const environment = describeEnvironment(used.flatMap(({ packages }) => packages));
  const servers = await startServers({
    redis: backends.has('redis') ? NODES : 0,
    memcached: backends.has('memcached') ? NODES : 0,
    nutcracker: used.some(({ needs }) => needs === 'nutcracker'),
  });
  const lacks = { redis: 'redis-server', memcached: 'memcached', nutcracker: 'nutcracker' };
  const canRun = ({ contender }) => {
    const found = contenders.get(contender);
    return (
      found !== undefined &&
      !servers.missing.includes(lacks[found.needs]) &&
      !servers.missing.includes(lacks[found.backend])
    );
  };
  const absent = [...servers.missing, ...missing.filter((name) => wanted.has(name))];
  for (const name of absent) console.error(`!! ${name} is not installed: its rows are left out of every table.`);

  const processes = new Processes(contenders, servers);
  const progress = new Progress(workloads.reduce((sum, { entries, rounds }) => sum + entries.length * (rounds + 2), 0));
  const results = [];
  try {
    for (const workload of workloads) {
      progress.label(workload.title);
      const entries = workload.entries.filter(canRun);
      const refusals = await processes.open(entries);
      const prepared = entries.map((entry) => ({
        label: entry.label ?? contenders.get(entry.contender).title,
        process: processes.get(entry.contender),
        operation: entry.operation ?? workload.operation,
        letter: LETTERS[[...contenders.keys()].indexOf(entry.contender)],
        out: refusals.get(entry.contender),
      }));
      const rows = await runRounds(workload, prepared, {
        flush: () => servers.flush(),
        onTurn: () => progress.step(),
      });
      const result = describe(workload, entries, rows, contenders);
      results.push(result);
      progress.clear();
      onWorkload(result);
    }
  } finally {
    await processes.stop();
    await servers.stop();
  }
  environment.loadAfter = load();
  return { environment, missing: absent, workloads: results };
}

/** The processes of the contenders of one backend; another backend's end before they begin. */
class Processes {
  #running = new Map();
  #contenders;
  #servers;

  constructor(contenders, servers) {
    this.#contenders = contenders;
    this.#servers = servers;
  }

  get(id) {
    return this.#running.get(id);
  }

  /** Starts what is not running. @returns why some could not, by id */
  async open(entries) {
    const refusals = new Map();
    const backend = this.#contenders.get(entries[0]?.contender)?.backend;
    for (const id of this.#running.keys()) if (this.#contenders.get(id).backend !== backend) await this.#end(id);
    for (const { contender } of entries) {
      if (this.#running.get(contender)?.isAlive) continue;
      const process = new ContenderProcess(contender);
      this.#running.set(contender, process);
      try {
        await process.ready();
        await process.ask('open', { nodes: this.#servers[backend], nutcracker: this.#servers.nutcracker });
      } catch (error) {
        refusals.set(contender, error.message);
        await this.#end(contender);
      }
    }
    return refusals;
  }

  async stop() {
    for (const id of [...this.#running.keys()]) await this.#end(id);
  }

  async #end(id) {
    await this.#running.get(id).stop();
    this.#running.delete(id);
  }
}

function describe({ id, title, operation, inFlight, dataset }, entries, rows, contenders) {
  return {
    id,
    title,
    backend: contenders.get(entries[0]?.contender)?.backend,
    operation,
    inFlight,
    dataset,
    rows: rows.map((row, n) => {
      const { contender, id: rowId = contender } = entries[n];
      const rounds = row.rounds.filter((result) => result !== undefined);
      const over = (measure) => (rounds.length > 0 ? spread(rounds.map((result) => result[measure])) : undefined);
      return {
        id: rowId,
        label: row.label,
        guards: contenders.get(contender).guards,
        out: row.out,
        unanswered: row.unanswered,
        perSecond: over('perSecond'),
        cpuMicrosPerCall: over('cpuMicrosPerCall'),
        latencyMicros: row.latencies,
        rounds: row.rounds,
      };
    }),
  };
}
