/**
 * Walks over a server's keys by `lru_crawler metadump`, on a connection of its own: the listing of millions of keys
 * would delay every reply behind it. `hash` walks the hash table and leaves the LRU alone; servers
 * that do not know it are asked for `all`.
 */

import { PassThrough } from 'node:stream';
import { NodeError } from '../../errors.js';
import type { Credentials } from '../driver.js';
import { ACCEPTED, authRequest } from './auth-file.js';
import { errorOfText } from './server-errors.js';
import type { Wire } from './wire.js';

const KEYS_PER_BATCH = 512;
/** A batch is told after so many keys at the latest, be it empty: whoever waits shall know that the walk goes on. */
const LINES_PER_BATCH = 16_384;
/** No byte for so long, while we wait for one, and the walk is given up. */
const STALL_MS = 5_000;
/** Another walk is under way on the server; it runs one at a time. */
const BUSY_TRIES = 20;
const BUSY_PAUSE_MS = 50;
const LONGEST_LINE = 8 * 1024;
/**
 * Taken from the server however slow the reader is. While a listing waits to be read, a memcached 1.6.18 now and then lets
 * a whole worker wait with it: every call on a connection of ours went unanswered for over 100 ms.
 */
const READ_AHEAD_BYTES = 32 * 1024 * 1024;

/** `wire` is ours to read and to reset; it must have been opened unread. */
export async function* enumerateKeys(
  wire: Wire,
  credentials: Credentials | undefined,
  prefix: string,
  signal: AbortSignal,
): AsyncGenerator<string[]> {
  const lines = readLines(wire, signal);
  try {
    if (credentials !== undefined) {
      wire.stream.write(`${authRequest(credentials)}\r\n`, 'latin1');
      if ((await nextLine(lines)) !== ACCEPTED)
        throw new NodeError('auth', 'the server did not take the user name and password');
    }
    let walk = 'hash';
    for (let tries = 1; ; ) {
      wire.stream.write(`lru_crawler metadump ${walk}\r\n`);
      const first = await nextLine(lines);
      if (first.startsWith('BUSY') && tries++ < BUSY_TRIES) {
        await new Promise((resolve) => setTimeout(resolve, BUSY_PAUSE_MS));
        yield [];
      } else if (/^(?:CLIENT_ERROR|BADCLASS|ERROR$)/.test(first) && walk === 'hash') walk = 'all';
      else {
        yield* readKeys(first, lines, prefix);
        return;
      }
    }
  } finally {
    wire.reset();
    await lines.return(undefined);
  }
}

async function* readKeys(first: string, lines: AsyncGenerator<string>, prefix: string): AsyncGenerator<string[]> {
  let batch: string[] = [];
  let seen = 0;
  for (let line = first; line !== 'END'; line = await nextLine(lines)) {
    const written = /^key=(\S+) /.exec(line)?.[1];
    if (written === undefined) {
      throw /^(?:[A-Z_]*ERROR|BUSY)\b/.test(line)
        ? errorOfText(line, '')
        : new NodeError('protocol', 'the listing of keys has a line of unknown shape');
    }
    const key = decodeKey(written);
    if (key?.startsWith(prefix)) batch.push(key);
    if (batch.length === KEYS_PER_BATCH || ++seen === LINES_PER_BATCH) {
      yield batch;
      batch = [];
      seen = 0;
    }
  }
  if (batch.length > 0) yield batch;
}

/** Keys stored in base64 are listed by their bytes, percent-encoded like all others; bytes that are no UTF-8 are not ours. */
function decodeKey(written: string): string | undefined {
  if (!written.includes('%')) return written;
  try {
    return decodeURIComponent(written);
  } catch {
    return undefined;
  }
}

async function nextLine(lines: AsyncGenerator<string>): Promise<string> {
  const { value, done } = await lines.next();
  if (done) throw new NodeError('lost', 'the server closed the connection during the walk over its keys');
  return value;
}

async function* readLines(wire: Wire, signal: AbortSignal): AsyncGenerator<string> {
  const ahead = new PassThrough({ highWaterMark: READ_AHEAD_BYTES });
  wire.stream.once('close', () => ahead.destroy()).pipe(ahead);
  const chunks: AsyncIterator<Buffer> = ahead[Symbol.asyncIterator]();
  let rest = '';
  for (;;) {
    const chunk = await nextChunk(chunks, wire, signal);
    if (chunk === undefined) return;
    const text = rest + chunk.latin1Slice();
    let at = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', at)) {
      yield text.charCodeAt(end - 1) === 13 ? text.slice(at, end - 1) : text.slice(at, end);
      at = end + 1;
    }
    rest = text.slice(at);
    if (rest.length > LONGEST_LINE) throw new NodeError('protocol', 'the listing of keys has a line without end');
  }
}

/** Waits for bytes no longer than `STALL_MS`; the time the reader takes between chunks does not count. */
async function nextChunk(chunks: AsyncIterator<Buffer>, wire: Wire, signal: AbortSignal): Promise<Buffer | undefined> {
  let failure: NodeError | undefined;
  const giveUp = (error: NodeError): void => {
    failure ??= error;
    wire.stream.destroy();
  };
  const timer = setTimeout(() => giveUp(new NodeError('stalled', 'the server stopped listing its keys')), STALL_MS);
  const onAbort = (): void => giveUp(new NodeError('lost', 'the connection was closed', { cause: signal.reason }));
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    if (signal.aborted) onAbort();
    const { value, done } = await chunks.next();
    if (failure !== undefined) throw failure;
    return done === true ? undefined : value;
  } catch (cause) {
    throw failure ?? new NodeError('lost', 'the connection failed during the walk over the keys', { cause });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}
