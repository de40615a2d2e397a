/**
 * Zone numbers by node index, in order of first appearance, so that what a zone is called plays no part; a node without a
 * zone is one of its own. Undefined where zones change nothing: all nodes in one, or each in one of its own.
 */
export function numberZones(members: readonly { readonly zone?: string }[]): Int32Array | undefined {
  const numbers = new Map<string, number>();
  let next = 0;
  const zones = Int32Array.from(members, ({ zone }) => {
    const known = zone === undefined ? undefined : numbers.get(zone);
    if (known !== undefined) return known;
    if (zone !== undefined) numbers.set(zone, next);
    return next++;
  });
  return next <= 1 || next === members.length ? undefined : zones;
}
