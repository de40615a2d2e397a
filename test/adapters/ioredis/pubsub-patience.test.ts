/** Subscribing on a node that hangs while its connection stays open: nobody waits for longer than a command may take. */

import { afterAll, beforeAll, expect, it } from 'vitest';
import { keysByNode, refusal, ThreeNodes } from './three-nodes.js';

let nodes: ThreeNodes;

beforeAll(async () => {
  nodes = await ThreeNodes.start();
});
afterAll(() => nodes.stop());

it('subscribing fails, unsubscribing ends, and both count once the node is back', async () => {
  const redis = nodes.open({ commandTimeout: 300 });
  const [before = '', late = ''] = (await keysByNode(nodes, nodes.open(), 'news:')).b;
  await redis.subscribe(before);
  const heard: string[] = [];
  redis.on('message', (channel) => heard.push(channel));
  await nodes.server('b').pause();
  try {
    const began = performance.now();
    const [error] = await Promise.all([refusal(redis.subscribe(late)), redis.unsubscribe(before)]);
    expect(error).toMatchObject({ code: 'ERR_TIMEOUT', node: 'b' });
    expect(performance.now() - began).toBeLessThan(3_000);
  } finally {
    nodes.server('b').resume();
  }
  const plain = nodes.plain('b');
  await expect.poll(() => plain.pubsub('NUMSUB', before, late)).toEqual([before, 0, late, 0]);
  await expect.poll(() => redis.subscribe(late).catch(() => 0)).toBe(1);
  await plain.publish(late, 'x');
  await expect.poll(() => heard).toEqual([late]);
});
