/** A class of traffic with its own connections and limits: small calls, large values and long lists, work behind the scenes. */
export type Lane = 'interactive' | 'bulk' | 'background';
export const LANES: readonly Lane[] = ['interactive', 'bulk', 'background'];
