/** Subscriptions that the server has not confirmed: given up by their user, or because the server hangs. */

import { afterAll, beforeAll, expect, it } from 'vitest';
import { stopwatch } from '../../support/stopwatch.js';
import { keysByNode, refusal, ThreeNodes } from './three-nodes.js';

let nodes: ThreeNodes;

beforeAll(async () => {
  nodes = await ThreeNodes.start();
});
afterAll(() => nodes.stop());

it('subscribing fails, unsubscribing ends, and both count once the node is back', async () => {
  const redis = nodes.open({ commandTimeout: 1_000 });
  const [before = '', late = ''] = (await keysByNode(nodes, nodes.open(), 'news:')).b;
  await redis.subscribe(before);
  const heard: string[] = [];
  redis.on('message', (channel) => heard.push(channel));
  await nodes.server('b').pause();
  try {
    const ownMs = stopwatch();
    const [error] = await Promise.all([refusal(redis.subscribe(late)), redis.unsubscribe(before)]);
    expect(error).toMatchObject({ code: 'ERR_TIMEOUT', node: 'b' });
    expect(ownMs()).toBeLessThan(3_000);
  } finally {
    nodes.server('b').resume();
  }
  const plain = nodes.plain('b');
  await expect.poll(() => plain.pubsub('NUMSUB', before, late)).toEqual([before, 0, late, 0]);
  await expect.poll(() => redis.subscribe(late).catch(() => 0)).toBe(1);
  await plain.publish(late, 'x');
  await expect.poll(() => heard).toEqual([late]);
  nodes.close();
  await expect.poll(() => nodes.plain('b').pubsub('CHANNELS')).toEqual([]);
});

it('what is given up before there is a connection is not subscribed to when there is one', async () => {
  const redis = nodes.open();
  const [kept = '', given = '', other = ''] = (await keysByNode(nodes, nodes.open(), 'news:')).b;
  const calls = [redis.subscribe(given, other), redis.unsubscribe(given, other), redis.subscribe(kept)];
  expect(await Promise.all(calls)).toEqual([2, 0, 1]);
  expect(await nodes.plain('b').pubsub('CHANNELS')).toEqual([kept]);
});
