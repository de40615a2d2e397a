/** The measured process: one client under load, told from outside when an episode turns; ends by sending its figures. */

import { seededRandom } from 'ringfence/testing';
import { CLIENTS } from './clients.js';
import { figuresOf } from './figures.js';
import { Load } from './load.js';

const [, , id, nodes, keys, rate] = process.argv;
const SETTLE_MS = 3_000;

const client = await CLIENTS.find((one) => one.id === id).open(JSON.parse(nodes));
const load = new Load({ client, keys: Number(keys), rate: Number(rate), random: seededRandom(42) });
await load.fill();
const episodes = [];
process.on('message', async ({ turn, name, node, end }) => {
  if (end) {
    client.close();
    process.exit(0);
  }
  const now = performance.now();
  if (turn === 'load') load.start();
  if (turn === 'before') episodes.push({ name, node, beforeAt: now });
  if (turn === 'fault') episodes.at(-1).faultAt = now;
  if (turn === 'healed') episodes.at(-1).healedAt = now;
  if (turn === 'well' && client.isWell()) episodes.at(-1).wellAt ??= now;
  if (turn === 'end') episodes.at(-1).endAt = now;
  if (turn !== 'figures') process.send({ isWell: client.isWell() });
  else {
    await load.stop(SETTLE_MS);
    process.send({ figures: figuresOf(load, episodes), told: client.tell?.() });
  }
});
process.on('disconnect', () => process.exit(1));
process.send({ ready: true });
