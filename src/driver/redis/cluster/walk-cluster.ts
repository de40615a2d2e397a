/**
 * The keys of all masters of a cluster, one after another. A key whose slot moves meanwhile might be met nowhere, and who
 * deletes what a walk tells relies on it: so a walk during which slots moved rejects.
 */

import { NodeError } from '../../../errors.js';
import { scanKeys } from '../scan.js';
import { placeOf } from './cluster-view.js';
import { readView, VIEW_QUESTION } from './open-server.js';
import type { Shard } from './shard.js';
import { BY_SLOT } from './slot-layout.js';

/** `asked` is called with every question. */
export async function* walkCluster(
  shards: readonly Shard[],
  prefix: string,
  byName: boolean,
  asked: () => void,
): AsyncGenerator<string[]> {
  const before = await slotsOfEach([...shards], byName, asked);
  for (const shard of [...shards]) {
    const asking = {
      ask: (words: readonly string[]) => {
        const reply = shard.ask(words);
        asked();
        return reply;
      },
    };
    yield* scanKeys(asking, prefix, BY_SLOT);
  }
  if ((await slotsOfEach([...shards], byName, asked)) !== before) throw moving();
}

async function slotsOfEach(shards: readonly Shard[], byName: boolean, asked: () => void): Promise<string> {
  const views = shards.map(async (shard) => readView(await shard.ask(VIEW_QUESTION), shard.address, byName));
  asked();
  const told = await Promise.all(views);
  if (told.some(({ isMoving }) => isMoving)) throw moving();
  const slots = told.map(({ nodeId, claims }) => claims.filter((claim) => claim.nodeId === nodeId));
  return JSON.stringify(
    slots.map((claims, i) => [placeOf((shards[i] as Shard).address), claims.map(({ ranges }) => ranges)]),
  );
}

function moving(): NodeError {
  return new NodeError('busy', 'slots of the cluster are on the move: a walk over its keys might miss some');
}
