/**
 * The contract of the driver port as a suite that any test runner can run: each sentence of the port is a case.
 *
 *     for (const { title, run } of driverContract({ name: 'mine', create })) test(title, run);
 *
 * Cases run one after another; each makes its connections, uses keys of its own and gives everything up at the end.
 */

import type { CaseDefinition } from './driver-contract/case-definition.js';
import { connectCases } from './driver-contract/connect-cases.js';
import type { ContractCase, DriverContractOptions } from './driver-contract/contract-case.js';
import { ContractSession } from './driver-contract/contract-session.js';
import { counterCases } from './driver-contract/counter-cases.js';
import { endingCases } from './driver-contract/ending-cases.js';
import { expiryCases } from './driver-contract/expiry-cases.js';
import { keyCases } from './driver-contract/key-cases.js';
import { proofsOfLack } from './driver-contract/lacking.js';
import { leaseCases } from './driver-contract/lease-cases.js';
import { leaseOrderCases } from './driver-contract/lease-order-cases.js';
import { nodeCases } from './driver-contract/node-cases.js';
import { orderCases } from './driver-contract/order-cases.js';
import { storeCases } from './driver-contract/store-cases.js';
import { valueCases } from './driver-contract/value-cases.js';

const SENTENCES: readonly CaseDefinition[] = [
  ...connectCases,
  ...valueCases,
  ...keyCases,
  ...storeCases,
  ...expiryCases,
  ...counterCases,
  ...leaseCases,
  ...leaseOrderCases,
  ...orderCases,
  ...endingCases,
  ...nodeCases,
];

/** The cases for one driver. What it lacks is among them by name, proving that the lack is told. */
export function driverContract(options: DriverContractOptions): ContractCase[] {
  return SENTENCES.map((sentence) => bind(sentence, options));
}

function bind({ title, needs, run }: CaseDefinition, options: DriverContractOptions): ContractCase {
  const leftOut = needs !== undefined && options.lacks?.includes(needs) ? needs : undefined;
  return {
    title: `${options.name}: ${title}${leftOut === undefined ? '' : ` (left out: no ${leftOut})`}`,
    leftOut,
    run: async () => {
      const session = await ContractSession.open(options);
      try {
        await (leftOut === undefined ? run : proofsOfLack[leftOut])(session);
      } finally {
        await session.close();
      }
    },
  };
}
