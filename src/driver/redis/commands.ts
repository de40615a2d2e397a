/** How each operation other than get is asked of Redis. Every one is a single request with a single reply. */

import { randomUUID } from 'node:crypto';
import { MAX_LEASE_MS, NO_EXPIRY, type Operation, type StoreOperation, type TtlMs } from '../driver.js';
import type { KeyLayout } from './key-layout.js';
import type { RespEncoder } from './resp-encoder.js';
import { COMPARE_AND_SET, COUNT, INSPECT, LEASE, PERSIST, SHORT_STORE, SHORT_TOUCH, STORE_LEASED } from './scripts.js';

/** By the number of arguments beyond key and value. */
const SET_HEADS = [3, 4, 5, 6].map((count) => `*${count}\r\n$3\r\nSET\r\n`);
/** A key and the two companions of its lease: one command, since what ends a lease must not come after the delete. */
const UNLINK_HEAD = '*4\r\n$6\r\nUNLINK\r\n';
const GET_HEAD = '*2\r\n$3\r\nGET\r\n';
const CONDITIONS = { set: '', add: 'NX', replace: 'XX' } as const;

export function encodeOperation(operation: Operation, encoder: RespEncoder, layout: KeyLayout): void {
  switch (operation.kind) {
    case 'store':
      encodeStore(operation, encoder, layout);
      break;
    case 'delete':
      encoder.literal(UNLINK_HEAD);
      encoder.withSuffixes(operation.key, layout.suffixesOf(operation.key));
      break;
    case 'lease':
      script(encoder, LEASE, operation.key, layout, [newToken(), String(Math.min(operation.ttlMs, MAX_LEASE_MS))]);
      break;
    case 'touch':
      if (operation.ttlMs === NO_EXPIRY) script(encoder, PERSIST, operation.key, undefined, []);
      else if (endsEarly(operation.ttlMs))
        script(encoder, SHORT_TOUCH, operation.key, layout, [String(operation.ttlMs)]);
      else words(encoder, ['PEXPIRE', operation.key, String(operation.ttlMs)]);
      break;
    case 'count': {
      const initial = operation.initial === undefined ? '' : String(operation.initial);
      const argv = [String(operation.delta), initial, String(operation.ttlMs)];
      script(encoder, COUNT, operation.key, endsEarly(operation.ttlMs) ? layout : undefined, argv);
      break;
    }
    case 'inspect':
      script(encoder, INSPECT, operation.key, undefined, [operation.withValue ? '1' : '0']);
      break;
    case 'get':
      encoder.literal(GET_HEAD);
      encoder.text(operation.key);
      break;
    case 'raw':
      words(encoder, operation.words);
      for (const follower of operation.followers ?? []) words(encoder, follower);
      break;
  }
}

function encodeStore(operation: StoreOperation, encoder: RespEncoder, layout: KeyLayout): void {
  const { key, ttlMs, mode } = operation;
  if (mode === 'compare') {
    const argv = [operation.token ?? '', operation.bytes, String(ttlMs)];
    script(encoder, COMPARE_AND_SET, key, endsEarly(ttlMs) ? layout : undefined, argv);
    return;
  }
  if (mode === 'leased') {
    script(encoder, STORE_LEASED, key, layout, [operation.token ?? '', operation.bytes, String(ttlMs)]);
    return;
  }
  if (endsEarly(ttlMs)) {
    script(encoder, SHORT_STORE, key, layout, [operation.bytes, String(ttlMs), CONDITIONS[mode]]);
    return;
  }
  const { latin1 } = operation;
  const head = SET_HEADS[(ttlMs === NO_EXPIRY ? 0 : 2) + (mode === 'set' ? 0 : 1)] as string;
  const tail = SET_TAILS[mode].of(ttlMs);
  if (latin1 !== undefined) {
    encoder.keyed(head, key, latin1, tail);
    return;
  }
  encoder.literal(head);
  encoder.text(key);
  encoder.value(operation.bytes, tail);
}

/** What follows the value of a SET, its end first; most sets share a time to live with the one before. */
class SetTail {
  readonly #condition: string;
  #ttlMs: TtlMs = NO_EXPIRY;
  #text: string;

  constructor(condition: string) {
    this.#condition = condition;
    this.#text = `\r\n${condition}`;
  }

  of(ttlMs: TtlMs): string {
    if (ttlMs !== this.#ttlMs) {
      const digits = String(ttlMs);
      const expiry = ttlMs === NO_EXPIRY ? '' : `$2\r\nPX\r\n$${digits.length}\r\n${digits}\r\n`;
      this.#text = `\r\n${expiry}${this.#condition}`;
      this.#ttlMs = ttlMs;
    }
    return this.#text;
  }
}

const SET_TAILS = {
  set: new SetTail(''),
  add: new SetTail('$2\r\nNX\r\n'),
  replace: new SetTail('$2\r\nXX\r\n'),
};

/** An entry that may be gone before a lease would be must end the lease when it is written: it may not be there to show. */
function endsEarly(ttlMs: TtlMs): boolean {
  return ttlMs !== NO_EXPIRY && ttlMs <= MAX_LEASE_MS;
}

/** `layout`: of the companions, if the script is to know of the key's lease. */
function script(
  encoder: RespEncoder,
  source: string,
  key: string,
  layout: KeyLayout | undefined,
  argv: readonly (string | Buffer)[],
): void {
  const suffixes = layout?.suffixesOf(key) ?? [];
  encoder.begin(argv.length + suffixes.length + 4);
  encoder.text('EVAL');
  encoder.text(source);
  encoder.text(String(suffixes.length + 1));
  encoder.withSuffixes(key, suffixes);
  for (const word of argv) encoder.argument(word);
}

function words(encoder: RespEncoder, all: readonly (string | Buffer)[]): void {
  encoder.begin(all.length);
  for (const word of all) encoder.argument(word);
}

const tokenPrefix = `${randomUUID()}.`;
let tokens = 0;

/** Unlike any that another process, or this one, has ever made. */
function newToken(): string {
  return tokenPrefix + ++tokens;
}
