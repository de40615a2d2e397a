/** A program that uses a cache and ends it, and must then end by itself: `node program-that-ends.js INDEX close|destroy URL`. */

const [index, end, url] = process.argv.slice(2);
const { createCache } = await import(index);

const cache = createCache({ nodes: [url], timeouts: { connectMs: 30_000, attemptMs: 30_000, totalMs: 30_000 } });
await cache.ready();
const pairs = Array.from({ length: 500 }, (_, i) => [`k${i}`, { i }]);
const { stored } = await cache.setMany(pairs);
const found = await cache.getMany(pairs.map(([key]) => key));
if (stored === 500 && pairs.every(([key, { i }]) => found.get(key)?.i === i)) console.log('stored and read');
const late = Array.from({ length: 100 }, (_, i) => cache.get(`k${i}`));
await cache[end]();
await Promise.allSettled(late);
console.log('ended');
