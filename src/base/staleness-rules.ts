/**
 * The rules against stale reads that a test may switch off, to see that the test would notice. Not reachable through the
 * package's exports.
 */

/**
 * R1 order, R2 generations, R3 floors, R4 debts by kind, R8 conditional writes on distrusted keys, R9 leases that copies
 * and loaders hold, and the while for which repairs of bare values are held back, R10 versions.
 */
export type StalenessRule =
  | 'R1'
  | 'R2'
  | 'R3'
  | 'R3-skew'
  | 'R3-evicted'
  | 'R4-key'
  | 'R4-connection'
  | 'R4-arc'
  | 'R6'
  | 'R7'
  | 'R8'
  | 'R9'
  | 'R9-hold'
  | 'R10'
  | 'R13';
