/**
 * In place of ioredis: the same commands over a ring of Redis nodes, each key on the node that owns it.
 *
 * Programs have ioredis in each of three ways: `import { Redis }`, `import Redis`, and `require`, which answers the class
 * with the other names on it. Each of them finds ours here.
 */

import { Redis } from './adapters/ioredis/redis.js';
import { CacheError, NodeError, OptionError, TimeoutError } from './errors.js';

export {
  AbstractConnector,
  type Callback,
  type ChainableCommander,
  Cluster,
  type ClusterNode,
  type ClusterOptions,
  Command,
  type CommonRedisOptions,
  Pipeline,
  print,
  type RedisCommander,
  type RedisKey,
  type RedisStatus,
  type RedisValue,
  ReplyError,
  type Result,
  ScanStream,
  type ScanStreamOptions,
  SentinelConnector,
  SentinelIterator,
} from 'ioredis';
export type { CacheableOption } from './adapters/ioredis/cacheable-keys.js';
export type { RedisOptions } from './adapters/ioredis/options.js';
export { CacheError, NodeError, OptionError, Redis, Redis as default, Redis as 'module.exports', TimeoutError };
