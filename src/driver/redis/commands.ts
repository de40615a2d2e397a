/** How each operation other than get is asked of Redis. Every one is a single request with a single reply. */

import { NO_EXPIRY, type Operation, type StoreOperation } from '../driver.js';
import type { RespEncoder } from './resp-encoder.js';
import { COMPARE_AND_SET, COUNT, INSPECT, PERSIST } from './scripts.js';

/** By the number of arguments beyond key and value. */
const SET_HEADS = [3, 4, 5, 6].map((count) => `*${count}\r\n$3\r\nSET\r\n`);
const UNLINK_HEAD = '*2\r\n$6\r\nUNLINK\r\n';
const PX_HEAD = '$2\r\nPX\r\n';

export function encodeOperation(operation: Operation, encoder: RespEncoder): void {
  switch (operation.kind) {
    case 'store':
      encodeStore(operation, encoder);
      break;
    case 'delete':
      encoder.literal(UNLINK_HEAD);
      encoder.text(operation.key);
      break;
    case 'touch':
      if (operation.ttlMs === NO_EXPIRY) script(encoder, PERSIST, operation.key, []);
      else words(encoder, ['PEXPIRE', operation.key, String(operation.ttlMs)]);
      break;
    case 'count': {
      const initial = operation.initial === undefined ? '' : String(operation.initial);
      script(encoder, COUNT, operation.key, [String(operation.delta), initial, String(operation.ttlMs)]);
      break;
    }
    case 'inspect':
      script(encoder, INSPECT, operation.key, [operation.withValue ? '1' : '0']);
      break;
    case 'get':
      words(encoder, ['MGET', operation.key]);
      break;
    case 'raw':
      words(encoder, operation.words);
      break;
  }
}

function encodeStore(operation: StoreOperation, encoder: RespEncoder): void {
  const { key, bytes, ttlMs, mode } = operation;
  if (mode === 'compare') {
    script(encoder, COMPARE_AND_SET, key, [operation.token ?? '', bytes, String(ttlMs)]);
    return;
  }
  encoder.literal(SET_HEADS[(ttlMs === NO_EXPIRY ? 0 : 2) + (mode === 'set' ? 0 : 1)] as string);
  encoder.text(key);
  encoder.value(bytes);
  if (ttlMs !== NO_EXPIRY) {
    const digits = String(ttlMs);
    encoder.literal(`${PX_HEAD}$${digits.length}\r\n${digits}\r\n`);
  }
  if (mode === 'add') encoder.literal('$2\r\nNX\r\n');
  else if (mode === 'replace') encoder.literal('$2\r\nXX\r\n');
}

function script(encoder: RespEncoder, source: string, key: string, argv: readonly (string | Buffer)[]): void {
  words(encoder, ['EVAL', source, '1', key, ...argv]);
}

function words(encoder: RespEncoder, all: readonly (string | Buffer)[]): void {
  encoder.begin(all.length);
  for (const word of all) encoder.argument(word);
}
