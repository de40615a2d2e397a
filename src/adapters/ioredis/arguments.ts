/** The forms in which `new Redis` may be called: those of ioredis, and a list of nodes. */

import { shown } from '../../base/shown.js';
import { OptionError } from '../../errors.js';
import type { NodeOptions } from '../../options/node-options.js';
import type { RedisOptions } from './options.js';

/** `new Redis(options)`, `(urls, options?)`, `(url, options?)`, `(port?, host?, options?)`. */
export type RedisArguments = readonly [
  first?: RedisOptions | readonly (string | NodeOptions)[] | string | number | null,
  second?: RedisOptions | string | null,
  third?: RedisOptions | null,
];

/** All of them as one object. @throws OptionError */
export function redisArguments(all: RedisArguments): RedisOptions {
  const [first, ...rest] = all;
  const [second] = rest;
  for (const [i, given] of rest.entries())
    if (given !== undefined && typeof given !== 'object' && !(i === 0 && isPort(first) && typeof given === 'string'))
      throw new OptionError('options', `must be an object, got ${shown(given)}`);
  const options: RedisOptions = Object.assign({}, ...rest.filter((given) => typeof given === 'object'));
  if (Array.isArray(first)) return { nodes: first, ...options };
  if (isPort(first))
    return { port: Number(first), ...(typeof second === 'string' ? { host: second } : {}), ...options };
  if (typeof first === 'string')
    return first.startsWith('/') ? { path: first, ...options } : { nodes: [withScheme(first)], ...options };
  if (first === undefined || first === null) return options;
  if (typeof first !== 'object') throw new OptionError('nodes', 'must be a list of at least one node');
  return { ...(first as RedisOptions), ...options };
}

function isPort(first: RedisArguments[0]): boolean {
  return typeof first === 'number' || (typeof first === 'string' && /^\d+$/.test(first));
}

/** ioredis takes `host:port`, too. */
function withScheme(url: string): string {
  return url.includes('://') ? url : `redis://${url}`;
}
