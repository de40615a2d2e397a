/** A program that asks once how its nodes are, by a probe of its own, and ends: `node program-that-asks.js INDEX`. */

const [index] = process.argv.slice(2);
const { createCache } = await import(index);

const never = () => new Promise(() => undefined);
const cache = createCache({ unref: true, health: { probe: never, timeoutMs: 100, intervalMs: 60_000 } });
await cache.health();
console.log('told');
await cache.destroy();
