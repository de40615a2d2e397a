/** A program that never closes its cache, and ends all the same if it was told so: `node program-that-forgets.js INDEX URL unref|hold`. */

const [index, url, choice] = process.argv.slice(2);
const { createCache } = await import(index);

const timeouts = { connectMs: 30_000, attemptMs: 30_000, totalMs: 30_000 };
const cache = createCache({ nodes: [url], timeouts, unref: choice === 'unref' });
await cache.ready();
await cache.set('key', 'value');
console.log(await cache.get('key'));
