/** In place of memjs: the same client on this library's connections and guards, with the keys where memjs put them. */

export type {
  CountCallback,
  CountOptions,
  DoneCallback,
  FlushCallback,
  GetCallback,
  Key,
  Results,
  StatsCallback,
  StoreOptions,
  VersionCallback,
  VersionsCallback,
} from './adapters/memjs/callbacks.js';
export { Client } from './adapters/memjs/client.js';
export type { ClientOptions, CoreOptions, Logger } from './adapters/memjs/client-options.js';
export type { Counted, Found } from './adapters/memjs/entries.js';
export type { Serializer, Value } from './adapters/memjs/serializer.js';
export type { Server } from './adapters/memjs/server-list.js';
