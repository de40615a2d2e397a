/** W5 with a real process of its own on the other side. */

import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BuiltPackage, buildPackage } from '../cache/built-package.js';
import { COPYING, keyOf, Nodes, settled } from './claim-nodes.js';
import { Gate } from './gated-driver.js';

describe.each(COPYING.filter(([kind]) => kind !== 'memory'))('another process, %s with codec %s', (kind, codec) => {
  let nodes: Nodes;
  let built: BuiltPackage;

  beforeAll(async () => {
    [nodes, built] = await Promise.all([Nodes.start(kind), buildPackage()]);
  });
  afterAll(async () => {
    await Promise.all([nodes.stop(), built.remove()]);
  });

  it('deletes a key while a copy of it is stuck here: the copy does not land', async () => {
    const namespace = `t-${randomUUID()}`;
    const gate = new Gate();
    const cache = await nodes.cache(2, { codec, namespace, replication: 2, gate });
    const key = keyOf(cache);
    const wireKey = `${namespace}:${key}`;
    await cache.set(key, 'old');
    const primary = await nodes.connect(0);
    await primary.delete(wireKey);
    gate.shut();
    expect(await cache.get(key)).toBe('old');
    await expect.poll(() => gate.held).toBe(1);
    const urls = nodes.servers.slice(0, 2).map(({ url }) => url);
    const program = fileURLToPath(new URL('program-that-deletes.js', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [
      program,
      built.index,
      codec,
      namespace,
      key,
      ...urls,
    ]);
    gate.open();
    await settled(cache);
    expect(stdout.trim()).toBe('deleted');
    expect(await primary.get(wireKey)).toBeUndefined();
    expect(await cache.get(key)).toBeUndefined();
  });
});
