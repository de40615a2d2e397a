/** An inspection that hears of placeholders (see placeholder.ts) instead of taking them for a miss. */

import type { InspectOperation } from '../driver.js';

export interface Look extends InspectOperation {
  placeholder(token: string): void;
}

export function isLook(operation: InspectOperation): operation is Look {
  return 'placeholder' in operation;
}
