/**
 * The limit for Redis: raw sockets with the placement known, one pipelined request and one promise a call, replies decoded
 * to strings. A second form gathers the GETs of a tick into one MGET, which spares the server work.
 */

import { TTL_MS } from '../harness/dataset.js';
import { placeKeys, splitByNode } from './placement.js';
import { closeAll, connectAll, endOfLine, numberIn, RawWire } from './raw-wire.js';

const BULK = 36;
const INTEGER = 58;
const ARRAY = 42;

/** One reply that is no array. */
function parseReply(bytes, at, settle) {
  const end = endOfLine(bytes, at);
  if (end < 0) return -1;
  const kind = bytes[at];
  if (kind !== BULK) {
    settle(kind === INTEGER ? numberIn(bytes, at + 1, end) : bytes.latin1Slice(at, end));
    return end + 2;
  }
  const length = numberIn(bytes, at + 1, end);
  if (length < 0) {
    settle(null);
    return end + 2;
  }
  const from = end + 2;
  if (bytes.length < from + length + 2) return -1;
  settle(bytes.utf8Slice(from, from + length));
  return from + length + 2;
}

/** An array settles one call for each of its elements, so its header only has to be skipped. */
function parseElements(bytes, at, settle) {
  if (bytes[at] !== ARRAY) return parseReply(bytes, at, settle);
  const end = endOfLine(bytes, at);
  return end < 0 ? -1 : end + 2;
}

const command = (...words) => `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`;
const ttl = String(TTL_MS);
const PX = `$2\r\nPX\r\n$${ttl.length}\r\n${ttl}\r\n`;

async function open({ nodes }) {
  const wires = (await connectAll(nodes)).map((socket) => new RawWire(socket, parseReply));
  return (data) => {
    const placement = placeKeys(nodes, data.keys);
    const of = (i) => wires[placement[i]];
    const get = (i) => of(i).ask(`*2\r\n$3\r\nGET\r\n$${data.keys[i].length}\r\n${data.keys[i]}\r\n`);
    return {
      stored: '+OK',
      get,
      set: (i) => {
        const key = data.keys[i];
        const value = data.values[i];
        return of(i).ask(`*5\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$${value.length}\r\n${value}\r\n${PX}`);
      },
      delete: (i) => of(i).ask(`*2\r\n$3\r\nDEL\r\n$${data.keys[i].length}\r\n${data.keys[i]}\r\n`),
      increment: (i) => of(i).ask(`*2\r\n$4\r\nINCR\r\n$${data.keys[i].length}\r\n${data.keys[i]}\r\n`),
      resetCounter: (i) => of(i).ask(command('SET', data.keys[i], '0')),
      getMany: (list) => Promise.all(list.map(get)),
      nth: (reply, n) => reply[n],
      close: () => closeAll(wires),
    };
  };
}

/** A node's GETs of one tick, sent as one MGET. */
class Gatherer {
  constructor(wire) {
    this.wire = wire;
    this.count = 0;
    this.words = '';
    this.flush = () => {
      wire.socket.write(`*${this.count + 1}\r\n$4\r\nMGET\r\n${this.words}`, 'latin1');
      this.count = 0;
      this.words = '';
    };
  }

  get(key) {
    if (this.count++ === 0) process.nextTick(this.flush);
    this.words += `$${key.length}\r\n${key}\r\n`;
    return new Promise((resolve) => this.wire.waiting.push(resolve));
  }
}

async function openMget({ nodes }) {
  const wires = (await connectAll(nodes)).map((socket) => new RawWire(socket, parseElements));
  const gatherers = wires.map((wire) => new Gatherer(wire));
  return (data) => {
    const placement = placeKeys(nodes, data.keys);
    const getMany = async (list) => {
      const parts = splitByNode(list, placement, nodes.length);
      const replies = await Promise.all(
        parts.map((part, node) => Promise.all(part.map((i) => gatherers[node].get(data.keys[i])))),
      );
      const read = new Array(nodes.length).fill(0);
      return list.map((i) => replies[placement[i]][read[placement[i]]++]);
    };
    return {
      stored: '+OK',
      get: (i) => gatherers[placement[i]].get(data.keys[i]),
      set: (i) => wires[placement[i]].ask(command('SET', data.keys[i], data.values[i], 'PX', ttl)),
      getMany,
      nth: (reply, n) => reply[n],
      close: () => closeAll(wires),
    };
  };
}

const base = { backend: 'redis', needs: 'redis', packages: [], guards: 'none: not a client' };

export const contenders = [
  { ...base, id: 'limit', title: 'raw sockets (the limit)', open },
  { ...base, id: 'limit-mget', title: 'raw sockets, MGET a tick', open: openMget },
];
