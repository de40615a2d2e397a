/** A connection to a node that answers as a test says, and what is told of its end; both given up after the test. */

import { afterEach } from 'vitest';
import type { CacheError } from '../../../src/errors.js';
import { connectMeta } from './connections.js';
import { type Script, ScriptedNode } from './scripted-node.js';

const nodes: ScriptedNode[] = [];

afterEach(async () => {
  for (const node of nodes.splice(0)) await node.close();
});

export async function connectTo(script: Script) {
  const node = await ScriptedNode.start(script);
  nodes.push(node);
  const call = await connectMeta({ address: node.address });
  const { connection } = call;
  const closed: CacheError[] = [];
  connection.onClose = (error) => closed.push(error);
  return { node, connection, closed, call };
}
