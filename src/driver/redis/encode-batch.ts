/** From operations to requests and the replies that they are owed: consecutive gets travel as one MGET. */

import type { Operation } from '../driver.js';
import { encodeOperation } from './commands.js';
import type { ExpectedReplies } from './expected-replies.js';
import type { KeyLayout } from './key-layout.js';
import type { RespEncoder } from './resp-encoder.js';

export function encodeBatch(
  operations: readonly Operation[],
  encoder: RespEncoder,
  expected: ExpectedReplies,
  layout: KeyLayout,
): void {
  const count = operations.length;
  let i = 0;
  while (i < count) {
    const isMget = isBatched(operations[i] as Operation);
    let end = i + 1;
    while (end < count && isBatched(operations[end] as Operation) === isMget && (layout.joinsGets || !isMget)) end++;
    expected.push({ operations, isMget, next: i, end });
    if (isMget) {
      encoder.begin(end - i + 1);
      encoder.literal('$4\r\nMGET\r\n');
      for (; i < end; i++) encoder.text((operations[i] as Operation).key);
    } else {
      for (; i < end; i++) encodeOperation(operations[i] as Operation, encoder, layout);
    }
  }
}

/** Unless they want to be told of an entry of another type. */
function isBatched(operation: Operation): boolean {
  return operation.kind === 'get' && operation.isExact !== true;
}
