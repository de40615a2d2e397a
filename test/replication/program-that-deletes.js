/** A process of its own that deletes one key: `node program-that-deletes.js INDEX CODEC NAMESPACE KEY URL…`. */

const [index, codec, namespace, key, ...urls] = process.argv.slice(2);
const { createCache } = await import(index);

const cache = createCache({
  nodes: urls.map((url, i) => ({ url, name: 'abc'[i] })),
  codec,
  namespace,
  replication: 2,
  timeouts: { connectMs: 5_000, attemptMs: 5_000, totalMs: 5_000 },
});
await cache.ready();
console.log((await cache.delete(key)) ? 'deleted' : 'not deleted');
await cache.close();
