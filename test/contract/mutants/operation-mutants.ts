/**
 * Faults in what a driver does with single operations.
 */

import type { Operation } from '../../../src/driver/driver.js';
import { NodeError } from '../../../src/errors.js';
import type { Mutant } from './mutant-connection.js';

const DAY_MS = 24 * 60 * 60 * 1000;

type Of<Kind extends Operation['kind']> = Extract<Operation, { kind: Kind }>;

const onGet = (change: (operation: Of<'get'>) => Partial<typeof operation>) => ({
  operation: (operation: Operation): Operation =>
    operation.kind === 'get' ? { ...operation, ...change(operation) } : operation,
});
const onStore = (change: (operation: Of<'store'>) => Partial<typeof operation>) => ({
  operation: (operation: Operation): Operation =>
    operation.kind === 'store' ? { ...operation, ...change(operation) } : operation,
});
const onCount = (change: (operation: Of<'count'>) => Partial<typeof operation>) => ({
  operation: (operation: Operation): Operation =>
    operation.kind === 'count' ? { ...operation, ...change(operation) } : operation,
});
const onInspect = (change: (operation: Of<'inspect'>) => Partial<typeof operation>) => ({
  operation: (operation: Operation): Operation =>
    operation.kind === 'inspect' ? { ...operation, ...change(operation) } : operation,
});
const onTouch = (change: (operation: Of<'touch'>) => Partial<typeof operation>) => ({
  operation: (operation: Operation): Operation =>
    operation.kind === 'touch' ? { ...operation, ...change(operation) } : operation,
});
const rekeyed = (rename: (key: string) => string) => ({
  operation: (operation: Operation): Operation => ({ ...operation, key: rename(operation.key) }),
});

export const operationMutants: readonly Mutant[] = [
  {
    fault: 'settles every store twice',
    caughtBy: 'mixed operations',
    ...onStore((operation) => ({
      done: (stored) => {
        operation.done(stored);
        operation.done(stored);
      },
    })),
  },
  {
    fault: 'never answers a count',
    caughtBy: 'mixed operations',
    ...onCount(() => ({ done: () => undefined })),
  },
  {
    fault: 'takes an empty value for a miss',
    caughtBy: 'an empty value is a hit',
    ...onGet((operation) => ({
      hit: (bytes, start, end) => (start === end ? operation.miss() : operation.hit(bytes, start, end)),
    })),
  },
  {
    fault: 'stores the whole memory behind a buffer',
    caughtBy: 'not of the memory around it',
    ...onStore(({ bytes }) => ({ bytes: bytes.length < 10 ? Buffer.from(bytes.buffer) : bytes })),
  },
  {
    fault: 'passes values through UTF-8',
    caughtBy: 'all 256 byte values',
    ...onStore(({ bytes }) => ({ bytes: Buffer.from(bytes.toString('utf8')) })),
  },
  {
    fault: 'cuts values at 64 KiB',
    caughtBy: 'values of every size',
    ...onStore(({ bytes }) => ({ bytes: bytes.subarray(0, 65_535) })),
  },
  {
    fault: 'cuts values at CR LF',
    caughtBy: 'look like replies',
    ...onStore(({ bytes }) => ({ bytes: bytes.subarray(0, bytes.indexOf('\r\n') >>> 0) })),
  },
  {
    fault: 'lends the same bytes to all hits of a send',
    caughtBy: 'bytes of a hit are right',
    ...onGet((operation) => ({ hit: (bytes, start, end) => operation.hit(bytes, start, Math.min(end, start + 800)) })),
  },
  { fault: 'folds the case of keys', caughtBy: 'keys lists each', ...rekeyed((key) => key.toLowerCase()) },
  { fault: 'normalises keys', caughtBy: 'strange keys', ...rekeyed((key) => key.normalize('NFC')) },
  { fault: 'trims keys', caughtBy: 'strange keys', ...rekeyed((key) => key.trim()) },
  { fault: 'cuts keys at 186', caughtBy: 'a last byte', ...rekeyed((key) => key.slice(0, 186)) },
  {
    fault: 'takes add for set',
    caughtBy: 'add stores only',
    ...onStore(({ mode }) => ({ mode: mode === 'add' ? 'set' : mode })),
  },
  {
    fault: 'takes replace for set',
    caughtBy: 'replace stores only',
    ...onStore(({ mode }) => ({ mode: mode === 'replace' ? 'set' : mode })),
  },
  {
    fault: 'takes compare for set',
    caughtBy: 'compare stores while',
    ...onStore(({ mode }) => ({ mode: mode === 'compare' ? 'set' : mode })),
  },
  {
    fault: 'tells the value as its token',
    caughtBy: 'the token changes',
    ...onInspect((operation) => ({
      withValue: true,
      found: (entry) => operation.found({ ...entry, token: entry.bytes.length.toString() }),
    })),
  },
  {
    fault: 'always inspects the value',
    caughtBy: 'inspect tells the value if asked',
    ...onInspect(() => ({ withValue: true })),
  },
  {
    fault: 'tells seconds for milliseconds',
    caughtBy: 'inspect tells the remaining',
    ...onInspect((operation) => ({ found: (entry) => operation.found({ ...entry, ttlMs: entry.ttlMs / 1000 }) })),
  },
  { fault: 'forgets the time to live', caughtBy: 'an entry is there before', ...onStore(() => ({ ttlMs: 0 })) },
  {
    fault: 'rounds a short time to live down to none',
    caughtBy: 'the shortest time to live',
    ...onStore(({ ttlMs }) => ({ ttlMs: Math.floor(ttlMs / 500) * 500 })),
  },
  {
    fault: 'lets entries without expiry expire',
    caughtBy: 'take the time to live away',
    ...onStore(({ ttlMs }) => ({ ttlMs: ttlMs || 100 })),
  },
  {
    fault: 'takes a time to live beyond 30 days for a date',
    caughtBy: 'beyond 30 days',
    ...onStore(({ ttlMs }) => ({ ttlMs: ttlMs > 30 * DAY_MS ? 1 : ttlMs })),
  },
  { fault: 'touches without effect', caughtBy: 'touch tells whether', ...onTouch(() => ({ ttlMs: 0 })) },
  {
    fault: 'says that every touch found an entry',
    caughtBy: 'touch tells whether',
    ...onTouch((operation) => ({ done: () => operation.done(true) })),
  },
  {
    fault: 'says that every delete found an entry',
    caughtBy: 'delete tells whether',
    operation: (operation) =>
      operation.kind === 'delete' ? { ...operation, done: () => operation.done(true) } : operation,
  },
  {
    fault: 'starts a missing counter at 0 unasked',
    caughtBy: 'without initial is undefined',
    ...onCount(({ initial }) => ({ initial: initial ?? 0 })),
  },
  {
    fault: 'applies the delta to initial',
    caughtBy: 'starts at initial',
    ...onCount(({ initial, delta }) => ({ initial: initial === undefined ? undefined : initial + delta })),
  },
  {
    fault: 'gives a counter its time to live only on paper',
    caughtBy: 'keeps the time to live given',
    ...onCount(() => ({ ttlMs: 0 })),
  },
  {
    fault: 'counts below 0',
    caughtBy: 'below 0 becomes 0',
    ...onCount((operation) => ({ done: (value) => operation.done(value === 0 ? -1 : value) })),
  },
  {
    fault: 'leaves a space where a digit was',
    caughtBy: 'loses a digit',
    ...onGet((operation) => ({
      hit: (bytes, start, end) => {
        const text = bytes.toString('utf8', start, end);
        const padded = Buffer.from(text === '99' ? '99 ' : text);
        operation.hit(text === '99' ? padded : bytes, text === '99' ? 0 : start, text === '99' ? 3 : end);
      },
    })),
  },
  {
    fault: 'calls every refusal of a count rejected',
    caughtBy: 'wrong-type',
    ...onCount((operation) => ({ fail: () => operation.fail(new NodeError('rejected', 'planted')) })),
  },
  {
    fault: 'wraps a counter silently at 2^53',
    caughtBy: 'exact up to 2^53',
    ...onCount((operation) => ({ fail: () => operation.done(0) })),
  },
  {
    fault: 'refuses a value too large as a fault of the node',
    caughtBy: 'the largest value',
    ...onStore((operation) => ({ fail: () => operation.fail(new NodeError('lost', 'planted')) })),
  },
];
