/**
 * The limit for Memcached: raw sockets with the placement known, one pipelined request of the meta protocol and one
 * promise a call, values decoded to strings. (The meta protocol has no request for several keys.)
 */

import { TTL_MS } from '../harness/dataset.js';
import { placeKeys } from './placement.js';
import { closeAll, connectAll, endOfLine, numberIn, RawWire } from './raw-wire.js';

const V = 86;
const A = 65;
const E = 69;
const N = 78;

/** `VA <length>` and a value; `EN` for a miss; everything else is a word of its own (`HD`, `NF`). */
function parseReply(bytes, at, settle) {
  const end = endOfLine(bytes, at);
  if (end < 0) return -1;
  if (bytes[at] === V && bytes[at + 1] === A) {
    const length = numberIn(bytes, at + 3, end);
    const from = end + 2;
    if (bytes.length < from + length + 2) return -1;
    settle(bytes.utf8Slice(from, from + length));
    return from + length + 2;
  }
  settle(bytes[at] === E && bytes[at + 1] === N ? null : bytes.latin1Slice(at, end));
  return end + 2;
}

async function open({ nodes }) {
  const wires = (await connectAll(nodes)).map((socket) => new RawWire(socket, parseReply));
  const expiry = ` T${TTL_MS / 1_000}\r\n`;
  return (data) => {
    const placement = placeKeys(nodes, data.keys);
    const of = (i) => wires[placement[i]];
    const get = (i) => of(i).ask(`mg ${data.keys[i]} v\r\n`);
    return {
      stored: 'HD',
      get,
      set: (i) => of(i).ask(`ms ${data.keys[i]} ${data.values[i].length}${expiry}${data.values[i]}\r\n`),
      delete: (i) => of(i).ask(`md ${data.keys[i]}\r\n`),
      increment: (i) => of(i).ask(`ma ${data.keys[i]} v\r\n`).then(Number),
      resetCounter: (i) => of(i).ask(`ms ${data.keys[i]} 1\r\n0\r\n`),
      getMany: (list) => Promise.all(list.map(get)),
      nth: (reply, n) => reply[n],
      close: () => closeAll(wires),
    };
  };
}

export const contenders = [
  {
    id: 'limit@memcached',
    title: 'raw sockets (the limit)',
    backend: 'memcached',
    needs: 'memcached',
    packages: [],
    guards: 'none: not a client',
    open,
  },
];
