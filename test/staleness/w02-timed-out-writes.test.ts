/**
 * W2: a write times out, and the node may hold either value. Some writes never reach it, of others only the answer is
 * lost; then the connection goes, and reads come by another.
 */

import { testWay } from './support/way.js';
import { keysOf, reconnected, type World } from './support/world.js';

async function eitherValue(world: World) {
  const server = await world.server();
  const proxy = await world.proxy(server);
  const watched = await world.cache({ nodes: [world.node('a', proxy)] });
  const keys = keysOf(watched.cache, 60);
  const [unanswered, lost, undeleted] = [keys.slice(0, 5), keys.slice(5, 10), keys.slice(10, 15)];
  await Promise.all(keys.map((key) => watched.set(key)));
  await watched.read(keys);

  proxy.apply({ kind: 'hold' }, 'toClient');
  await Promise.all(unanswered.map((key) => watched.set(key)));
  proxy.apply({ kind: 'hold' }, 'toNode');
  await Promise.all([...lost.map((key) => watched.set(key)), ...undeleted.map((key) => watched.delete(key))]);
  await reconnected(watched.cache, proxy, () => {
    proxy.reset();
    void proxy.heal();
  });

  await watched.read(keys);
  await Promise.all([...unanswered, ...lost].map((key) => watched.set(key)));
  await watched.read(keys);
  return watched;
}

testWay({
  name: 'W2',
  says: 'a write times out: the node may hold either value',
  scenario: eitherValue,
  hitShare: 0.8,
  caught: [
    {
      rules: ['R3', 'R4-key', 'R4-connection'],
      because: 'since floor, key debt and debt of the lost connection each close it alone',
    },
  ],
});

/**
 * The same where nothing is lost with a connection: writes wait for room until their time is up, and never leave. Many
 * other keys are written then, until no floor of the former is left; only the debt still knows.
 */
async function neverSent(world: World) {
  const server = await world.server();
  const proxy = await world.proxy(server);
  const watched = await world.cache({
    nodes: [world.node('a', proxy)],
    bulkhead: { maxInFlight: 1 },
    ledger: { maxFloors: 64, maxPayable: 0 },
  });
  const keys = keysOf(watched.cache, 10);
  const others = keysOf(watched.cache, 500, undefined, 'other');
  await Promise.all(keys.map((key) => watched.set(key)));
  await watched.read(keys);

  proxy.apply({ kind: 'hold' }, 'toClient');
  const blocking = watched.set('blocks');
  await new Promise((resolve) => setImmediate(resolve));
  await Promise.all([...keys.map((key) => watched.delete(key)), blocking]);
  await proxy.heal();

  // Few at a time: they wait for room, too.
  for (let from = 0; from < others.length; from += 25)
    await Promise.all(others.slice(from, from + 25).map((key) => watched.set(key)));
  await watched.read(keys);
  await watched.read(others.slice(-50));
  return watched;
}

testWay({
  name: 'W2',
  says: 'a delete never leaves, and its floor is forgotten in time',
  scenario: neverSent,
  hitShare: 0.5,
  caught: [
    { codecs: ['string'], rules: ['R4-key'], because: 'which alone is left once floors are evicted' },
    {
      codecs: ['json'],
      rules: ['R4-key', 'R3-evicted'],
      because: 'since stamps below those of evicted floors do not count either',
    },
  ],
});
