/** In place of ioredis: the same commands over a ring of Redis nodes, each key on the node that owns it. */

export {
  type Callback,
  type ChainableCommander,
  Command,
  print,
  type RedisKey,
  type RedisValue,
  ReplyError,
  type Result,
  type ScanStreamOptions,
} from 'ioredis';
export type { CacheableOption } from './adapters/ioredis/cacheable-keys.js';
export type { RedisOptions } from './adapters/ioredis/options.js';
export { Redis } from './adapters/ioredis/redis.js';
export { CacheError, NodeError, OptionError, TimeoutError } from './errors.js';
