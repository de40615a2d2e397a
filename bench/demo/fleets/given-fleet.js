/** Nodes of the user's: none is killed, and the last one leaves the ring and joins it again. */

export async function takeGivenFleet(urls) {
  const nodes = urls.map((url) => ({ name: nameOf(url), url }));
  const last = nodes.at(-1);
  return {
    title: nodes.length === 1 ? '1 node of yours' : `${nodes.length} nodes of yours`,
    note: `No node is killed: these are yours.${nodes.length === 1 ? ' With one node there is nothing to add or remove either.' : ''}`,
    nodes,
    victim: undefined,
    leaver: nodes.length > 1 ? last.name : undefined,
    joiner: last.name,
    newcomer: async () => last,
    isLasting: true,
    namespace: `ringfence-demo-${process.pid}-${Date.now().toString(36)}`,
    close: async () => {},
  };
}

/** Without credentials: it is shown. */
function nameOf(url) {
  try {
    const { host, pathname, protocol } = new URL(url);
    return host === '' ? pathname || protocol : `${host}${pathname === '/' ? '' : pathname}`;
  } catch {
    throw new Error(`${url} is not a URL.`);
  }
}
