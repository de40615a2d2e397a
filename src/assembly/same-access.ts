/** Whether two specifications of one server reach it in the same way. */

import { isDeepStrictEqual } from 'node:util';
import type { NodeSpec } from '../options/node-options.js';

/** A function for credentials is the same only if it is that very one: what it will answer cannot be compared. */
export function hasSameAccess(a: NodeSpec, b: NodeSpec): boolean {
  const [inA, inB] = [a.members ?? [], b.members ?? []];
  return (
    isDeepStrictEqual([a.credentials, a.tls, a.fleet?.sentinel], [b.credentials, b.tls, b.fleet?.sentinel]) &&
    inA.length === inB.length &&
    inA.every((member, i) => hasSameAccess(member, inB[i] as NodeSpec))
  );
}
