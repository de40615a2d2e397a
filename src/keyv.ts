/** A storage adapter for Keyv 5 and 6, `ringfence/keyv`: `new Keyv({ store: new KeyvRingfence({ nodes }) })`. */

export type { KeyvCapabilities } from './adapters/keyv/keyv-capabilities.js';
export type { KeyvCacheOptions, KeyvContractOptions, KeyvRingfenceOptions } from './adapters/keyv/keyv-options.js';
export { KeyvRingfence } from './adapters/keyv/keyv-ringfence.js';
export type { KeyvStoredEntry } from './adapters/keyv/namespaced-store.js';
