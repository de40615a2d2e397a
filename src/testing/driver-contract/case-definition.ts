/**
 * A sentence of the driver contract before it is bound to a driver.
 */

import type { Ability } from './contract-case.js';
import type { ContractSession } from './contract-session.js';

export interface CaseDefinition {
  readonly title: string;
  /** Without it the sentence says nothing. */
  readonly needs?: Ability;
  run(session: ContractSession): Promise<void>;
}
