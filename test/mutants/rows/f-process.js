/** Faults of rows F1 to F12. */

import { plant } from './plant.js';

const SWEEP = 'node/sweep.ts';
const JUDGED_AT_ONCE = [
  ['if (isLate && !this.#hasWaited) {', 'if (isLate && this.#lateMs < 0) {'],
  ['this.#clock.setSoon(this.#judge);', 'this.#judge();'],
];
const ABSOLUTE_DATE = ['if (seconds <= MAX_RELATIVE_SECONDS) return seconds;', 'return seconds;'];

export { ABSOLUTE_DATE };

export default [
  plant('F1', 'a deadline that comes late is judged before the sockets are read', SWEEP, ...JUDGED_AT_ONCE),
  plant('F1', 'a late sweep waits for one that is in time', SWEEP, [
    'if (isLate && !this.#hasWaited) {',
    'if (isLate) {',
  ]),
  plant(
    'F2',
    'time in which we did not run counts against the nodes',
    SWEEP,
    ...JUDGED_AT_ONCE,
    ['if (now - this.#lateAt < AFTERMATH_MS) return this.#lateMs;', ''],
    ['return this.#isArmed && lateMs > LATE_MS ? lateMs : 0;', 'return lateMs * 0;'],
  ),
  plant('F3', 'a breaker goes by the calendar', 'node/breaker.ts', [
    'this.clock = clockOf(context);',
    'const real = clockOf(context);\n    this.clock = { ...real, now: () => real.wall() };',
  ]),
  plant('F4', 'a long time to live is sent as it is', 'driver/memcached/server-time.ts', ABSOLUTE_DATE),
  plant('F5', 'what is remembered is a view of the buffer it came in', 'codec/raw-transcoders.ts', [
    'return keepBytes(NO_FLAGS, bytes, start, end);',
    'const payload = bytes.subarray(start, end) as unknown as string;\n    return { ...new Kept(NO_FLAGS, payload, end - start) };',
  ]),
  plant('F6', 'close waits for nothing', 'assembly/lifecycle.ts', [
    'await this.#until(() => isOver() || isIdle());',
    '',
  ]),
  plant('F6', 'what is in flight when the time is up is left to itself', 'assembly/lifecycle.ts', [
    'for (const node of this.#cluster.topology.nodes) node.close(error);',
    '',
  ]),
  plant('F7', 'close forgets a pause and a connect under way', 'node/link.ts', [
    'this.#pause?.cancel();\n    this.#abort?.abort();\n    const connection',
    'const connection',
  ]),
  plant('F8', 'a call that is given up goes on to its end', 'calls/call-options.ts', [
    'stop = onAbort(signal, () => reject(aborted(signal)));',
    'stop = (): void => undefined;',
  ]),
  plant('F9', 'what a codec throws is thrown into the reader of replies', 'codec/custom-transcoder.ts', [
    '} catch {\n      return CORRUPT;',
    '} catch (error) {\n      throw error;',
  ]),
  plant('F9', 'what a listener throws reaches the library', 'events.ts', [
    '} catch {\n        // A listener',
    '} catch (error) {\n        throw error;\n        // A listener',
  ]),
  plant('F10', 'something of every lost connection is kept', 'node/link.ts', [
    'this.#events.down(error, true, this.#openedAt);',
    'const kept = ((globalThis as { kept?: unknown[] }).kept ??= []);\n    kept.push(Array.from({ length: 50_000 }, () => ({ error })));\n    this.#events.down(error, true, this.#openedAt);',
  ]),
  plant('F11', 'a handler of the whole process is installed', 'create-cache.ts', [
    'const settings = resolveCacheOptions(options);',
    "const settings = resolveCacheOptions(options);\n  process.on('exit', () => settings);",
  ]),
  plant('F12', 'the number of a request is counted on beyond its field', 'driver/memcached/meta-connection.ts', [
    'this.opaque = this.opaque === MAX_OPAQUE ? MIN_OPAQUE : this.opaque + 1;',
    'this.opaque++;',
  ]),
];
