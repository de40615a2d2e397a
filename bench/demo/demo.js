/** The demo: `npm run demo`, or `npm run demo -- --help`. */

import { HELP, parseArguments } from './arguments.js';
import { takeGivenFleet } from './fleets/given-fleet.js';
import { startMemoryFleet } from './fleets/memory-fleet.js';
import { startRealFleet } from './fleets/real-fleet.js';
import { Ownership } from './ownership.js';
import { RingUnderTest } from './ring-under-test.js';
import { planSteps, Scenario } from './scenario.js';
import { LiveScreen } from './screen/live-screen.js';
import { PlainScreen } from './screen/plain-screen.js';
import { createStyle, wantsColor } from './screen/style.js';
import { summaryTable, verdict } from './screen/summary.js';
import { Traffic } from './traffic.js';
import { Watch } from './watch.js';

const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };
/** Below this a picture that is redrawn in place has no room. */
const LEAST = { columns: 72, rows: 20 };

/** @returns {Promise<number>} the exit code */
async function main(out, words) {
  const options = parseArguments(words);
  if (options.isHelp) {
    out.write(HELP.trimStart());
    return 0;
  }
  const style = createStyle(wantsColor({ isColorless: options.isColorless, stream: out, env: process.env }));
  let screen;
  let fleet;
  let ring;
  let traffic;
  const starting = startFleet(options);
  const onSignal = async (signal) => {
    screen?.abort();
    await traffic?.halt();
    fleet ??= await starting.catch(() => undefined);
    if (fleet?.isLasting) await ring?.clear();
    await fleet?.close();
    process.exit(SIGNALS[signal]);
  };
  for (const signal of Object.keys(SIGNALS)) process.once(signal, onSignal);
  fleet = await starting;
  try {
    ring = new RingUnderTest(fleet.nodes, { replication: options.replication, namespace: fleet.namespace });
    await ring.ready();
    const keys = Array.from({ length: options.keyCount }, (_, i) => `customer:${i}`);
    const ownership = new Ownership(ring, keys);
    traffic = new Traffic(ring, keys, () => screen.tick());
    const steps = planSteps(fleet, options);
    const watch = new Watch({ title: fleet.title, options, ring, ownership, traffic, steps });
    const isLive = out.isTTY && process.env.TERM !== 'dumb' && out.columns >= LEAST.columns && out.rows >= LEAST.rows;
    screen = new (isLive ? LiveScreen : PlainScreen)(out, style, (cells) => watch.look(cells));
    if (fleet.note !== undefined) screen.print(['', fleet.note]);
    const scenario = new Scenario({ fleet, ring, traffic, ownership, screen, keyCount: options.keyCount });
    await scenario.run(steps);
    screen.close();
    const { rows, total } = scenario;
    screen.print(['', ...summaryTable(rows, screen.fullWidth, style)]);
    screen.print([...verdict({ rows, total, keyCount: options.keyCount }, style), '']);
    return total.stale + total.wrong === 0 ? 0 : 1;
  } finally {
    screen?.abort();
    if (fleet.isLasting) await ring?.clear();
    await ring?.cache.destroy();
    await fleet.close();
  }
}

function startFleet({ isReal, urls }) {
  if (isReal) return startRealFleet();
  return urls === undefined ? startMemoryFleet() : takeGivenFleet(urls);
}

try {
  process.exitCode = await main(process.stdout, process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error.message}\n(npm run demo -- --help tells what there is)\n`);
  process.exitCode = 1;
}
