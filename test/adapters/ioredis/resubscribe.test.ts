/** A client that was ended, and is connected anew, hears what it was subscribed to: as one of ioredis does. */

import type { Redis as IoRedis } from 'ioredis';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { ThreeNodes } from './three-nodes.js';

let nodes: ThreeNodes;

beforeAll(async () => {
  nodes = await ThreeNodes.start();
});

afterEach(() => nodes.close());

afterAll(() => nodes.stop());

/** So many that each node has some. */
const CHANNELS = Array.from({ length: 12 }, (_, i) => `channel-${i}`);

const ENDINGS: Readonly<Record<string, (client: IoRedis) => Promise<void>>> = {
  'disconnect(true)': async (client) => client.disconnect(true),
  disconnect: async (client) => {
    const ended = new Promise((resolve) => client.once('end', resolve));
    client.disconnect();
    await ended;
    void client.connect().catch(() => undefined);
  },
  quit: async (client) => {
    const ended = new Promise((resolve) => client.once('end', resolve));
    await client.quit();
    await ended;
    void client.connect().catch(() => undefined);
  },
};

for (const [how, end] of Object.entries(ENDINGS))
  it(`after ${how}, and nothing that was given up before`, async () => {
    const sides = [
      { subscriber: nodes.plain('a'), publisher: nodes.plain('a') },
      { subscriber: nodes.open(), publisher: nodes.open() },
    ];
    const heard: string[][] = [];
    for (const { subscriber, publisher } of sides) {
      const own: string[] = [];
      heard.push(own);
      subscriber.on('message', (channel) => own.push(channel));
      subscriber.on('pmessage', (pattern, channel) => own.push(`${pattern} ${channel}`));
      await subscriber.subscribe('given-up', ...CHANNELS);
      await subscriber.psubscribe('pattern-*');
      await subscriber.unsubscribe('given-up');
      await end(subscriber);
      await expect.poll(() => subscriber.status).toBe('ready');
      await publisher.publish('given-up', 'probe');
      for (const channel of [...CHANNELS, 'pattern-1'])
        await expect
          .poll(async () => {
            await publisher.publish(channel, 'probe');
            return own.some((each) => each.endsWith(channel));
          })
          .toBe(true);
    }
    for (const own of heard) expect(new Set(own)).toEqual(new Set([...CHANNELS, 'pattern-* pattern-1']));
  });

it('unless it was told not to', async () => {
  const subscriber = nodes.open({ autoResubscribe: false });
  await subscriber.subscribe(...CHANNELS);
  subscriber.disconnect(true);
  await subscriber.subscribe('another');
  await expect.poll(() => subscriber.pubsub('CHANNELS')).toEqual(['another']);
});
