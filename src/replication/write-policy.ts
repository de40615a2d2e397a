/** How many owners must confirm a write before it counts as done. */
export type WritePolicy = 'all' | 'majority' | 'one';

export function confirmationsNeeded(policy: WritePolicy, owners: number): number {
  if (policy === 'one') return Math.min(1, owners);
  return policy === 'all' ? owners : Math.floor(owners / 2) + 1;
}
