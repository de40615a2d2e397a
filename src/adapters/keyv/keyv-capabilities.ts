/** What the adapter tells Keyv 6 of itself: a whole storage adapter, which takes points in time. */

const ASYNC = [
  'get',
  'getMany',
  'has',
  'hasMany',
  'set',
  'setMany',
  'delete',
  'deleteMany',
  'clear',
  'disconnect',
] as const;

type KeyvMethodName = (typeof ASYNC)[number] | 'iterator';

export interface KeyvCapabilities {
  compatible: boolean;
  store: 'keyvStorage';
  methods: Record<KeyvMethodName, { exists: boolean; methodType: 'sync' | 'async' }>;
  expires: boolean;
}

/** The same that Keyv 6 would find out by looking. */
export function capabilities(): KeyvCapabilities {
  const method = (name: KeyvMethodName) => [name, { exists: true, methodType: 'async' }] as const;
  const methods = Object.fromEntries(ASYNC.map(method)) as KeyvCapabilities['methods'];
  return {
    compatible: true,
    store: 'keyvStorage',
    methods: { ...methods, iterator: { exists: true, methodType: 'sync' } },
    expires: true,
  };
}
