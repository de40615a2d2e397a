/** Faults of rows A1 to A18. */

import { plant } from './plant.js';

const REDIS = 'driver/redis/redis-connection.ts';
const LINK = 'node/link.ts';
const PIPELINE = 'node/pipeline.ts';
const PARSER = 'driver/redis/resp-parser.ts';
const STREAM = 'driver/redis/open-stream.ts';
const BREAKER = 'node/breaker.ts';

const FORGOTTEN = ['for (const operation of this.#expected.drain()) operation.fail(error);', 'this.#expected.drain();'];
const NO_STALL = [
  'if (now - this.#lastProgressAt >= stallMs) this.link.giveUp(stalledError(',
  'if (now - this.#lastProgressAt >= 1e9) this.link.giveUp(stalledError(',
];

export default [
  plant('A1', 'operations of a lost connection are forgotten', REDIS, FORGOTTEN),
  plant('A2', 'a connection that owes and receives nothing is kept', PIPELINE, NO_STALL),
  plant('A3', 'an open breaker closes without a probe', BREAKER, [
    'if (now < this.current.until) return false;',
    "if (now < this.current.until) return false;\n      this.close(now, 'probes-succeeded');\n      return true;",
  ]),
  plant('A4', 'a connection that owes and receives nothing is kept', PIPELINE, NO_STALL),
  plant('A5', 'what a lost connection owed is a miss', REDIS, [
    FORGOTTEN[0],
    "for (const operation of this.#expected.drain())\n      if (operation.kind === 'get') operation.miss();\n      else operation.fail(error);",
  ]),
  plant('A6', 'the end of the stream is not heard', REDIS, [
    "stream.on('close', () => this.lose(new NodeError('lost', 'the server closed the connection')));",
    '',
  ]),
  plant('A7', 'no pause between two connects', LINK, [
    'void this.#connect(), pauseMs)',
    'void this.#connect(), 0 * pauseMs)',
  ]),
  plant('A7', 'a connection that opened and died at once ends the growth of the pauses', LINK, [
    'if (this.#settings.clock.now() - this.#openedAt >= STEADY_MS) this.#failures = 0;',
    'this.#failures = 0;',
  ]),
  plant(
    'A8',
    'whoever finds no connection opens one',
    LINK,
    [
      "return this.#state === 'waiting' || this.#state === 'closed' || this.#failures > 0;",
      "return this.#state === 'closed';",
    ],
    [
      "if (this.#state === 'idle') void this.#connect();",
      "if (this.#state === 'idle' || this.#state === 'waiting') void this.#connect();",
    ],
  ),
  plant('A9', 'a connect past its deadline is left to itself', STREAM, [
    'opening.abandon();\n    redis.disconnect();',
    '',
  ]),
  plant('A10', 'a breaker looks at failures alone', BREAKER, [
    'const isSlow = lasted >= this.settings.slowCallMs;',
    'const isSlow = false;',
  ]),
  plant('A11', 'one late answer opens the breaker', BREAKER, [
    'if (state.failuresInARow >= consecutiveFailures)',
    'if (state.failuresInARow >= Math.min(1, consecutiveFailures))',
  ]),
  plant('A12', 'an ejection lasts no longer when the node is ejected again', 'cluster/failure-detector.ts', [
    'ejectionMs * 2 ** Math.max(0, Math.min(this.#streak - 1, 30))',
    'ejectionMs',
  ]),
  plant(
    'A13',
    'a transfer that makes progress is taken for a stalled one',
    PIPELINE,
    ['if (connection.bytesRead !== this.#bytesSeen) {', 'if (connection.bytesRead < this.#bytesSeen) {'],
    ['this.#lastProgressAt = now;\n    this.#exchanges.progressed(', 'this.#exchanges.progressed('],
  ),
  plant('A14', 'the end of a chunk is taken for the end of a number', PARSER, [
    'if (at + 1 >= length) return this.#incomplete(start, length - start + 1);',
    'if (at > length) return this.#incomplete(start, length - start + 1);',
  ]),
  plant('A15', 'a value is believed without its key check and its seal', 'envelope.ts', [
    "if (seal !== readUint32(bytes, start + SEAL_AT)) return 'corrupt';\n  if (keyCheck !== keyHash) return 'wrong-key';",
    '',
  ]),
  plant('A15', 'a reply of another key does not end the connection it came on', 'node/connection-doubts.ts', [
    'for (const lane of LANES) this.#lanes.of(lane, hash).link.giveUp(error);',
    '',
  ]),
  plant('A16', 'a greeting in another protocol is waited behind', PARSER, [
    'throw new ProtocolViolation(guessSpeaker(bytes, start));',
    'return this.#incomplete(start, length - start + 1);',
  ]),
  plant('A17', 'a reply that nothing asked for is dropped', REDIS, [
    "if (expected === undefined && this.isOpen) throw new Error('a reply that nothing asked for');",
    '',
  ]),
  plant('A18', 'operations of a lost connection are forgotten', REDIS, FORGOTTEN),
];
