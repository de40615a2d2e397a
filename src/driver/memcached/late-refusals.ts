/** What is sent on a connection that has ended: it fails in a later step, as everything is settled that was sent. */

import { NodeError } from '../../errors.js';
import type { Operation } from '../driver.js';

export class LateRefusals {
  /** Operations not told yet. */
  count = 0;

  refuse(operations: readonly Operation[]): void {
    this.count += operations.length;
    const error = new NodeError('lost', 'the connection is closed');
    queueMicrotask(() => {
      this.count -= operations.length;
      for (const operation of operations) operation.fail(error);
    });
  }
}
