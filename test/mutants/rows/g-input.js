/** Faults of rows G1 to G21. */

import { ABSOLUTE_DATE } from './f-process.js';
import { plant } from './plant.js';

const KEY = 'key.ts';
const LEGAL = "if (typeof key !== 'string' || key === '' || !isWellFormed(key)) throw invalidKey(key);";
const legal = (text) => [LEGAL, text];

export default [
  plant('G1', 'keys are taken up to 250 bytes, as memcached takes those that are plain', KEY, [
    'MAX_WIRE_KEY_BYTES = 186;',
    'MAX_WIRE_KEY_BYTES = 250;',
  ]),
  plant(
    'G2',
    'an empty key is a key',
    KEY,
    legal("if (typeof key !== 'string' || !isWellFormed(key)) throw invalidKey(key);"),
  ),
  plant('G3', 'a blank travels in a plain key', 'driver/memcached/key-token.ts', [
    'if (code <= 0x20 || code >= 0x7f) return -1;',
    'if (code < 0x20 || code >= 0x7f) return -1;',
  ]),
  plant('G4', 'keys are normalised', KEY, [
    'const wire = this.prefix + key;',
    'const wire = this.prefix + key.normalize();',
  ]),
  plant(
    'G5',
    'lone surrogates are taken',
    KEY,
    legal("if (typeof key !== 'string' || key === '') throw invalidKey(key);"),
  ),
  plant(
    'G6',
    'a key is made of the text of whatever is given',
    KEY,
    legal(`if (typeof key !== 'string') return this.toWireKey(String(key));\n    ${LEGAL}`),
  ),
  plant(
    'G7',
    'what is no string is not looked for',
    KEY,
    legal("if (key === '' || !isWellFormed(key)) throw invalidKey(key);"),
  ),
  plant('G8', 'the text of a value is stored where the value cannot be', 'codec/raw-transcoders.ts', [
    "if (typeof value !== 'string') throw refused('string',",
    "if (typeof value !== 'string') return this.encode(key, _keyHash, String(value));\n    if (value === key) throw refused('string',",
  ]),
  plant('G9', 'a value that is false passes for a miss', 'calls/get-or-set.ts', [
    'resolve(value === undefined ? lookAgain(',
    'resolve(!value ? lookAgain(',
  ]),
  plant('G10', 'bytes are read as UTF-8', 'codec/raw-transcoders.ts', [
    "return Buffer.from(String(kept.payload), 'latin1');",
    'return Buffer.from(String(kept.payload));',
  ]),
  plant('G11', 'the limit of values is not looked at', 'codec/raw-transcoders.ts', [
    'if (length <= maxValueBytes) return;',
    'if (length >= 0) return;',
  ]),
  plant('G12', 'the default time to live is forgotten', 'calls/call-options.ts', [
    'if (ttlMs === undefined) return defaultMs;',
    'if (ttlMs === undefined) return defaultMs * 0;',
  ]),
  plant('G13', 'NaN is a time to live', 'calls/call-options.ts', [
    "if (typeof ttlMs !== 'number' || !(ttlMs > 0) || ttlMs > MAX_TTL_MS)",
    "if (typeof ttlMs !== 'number' || ttlMs <= 0 || ttlMs > MAX_TTL_MS)",
  ]),
  plant('G14', 'half a second is rounded down, to for ever', 'driver/memcached/server-time.ts', [
    'Math.max(1, Math.ceil(ttlMs / 1000))',
    'Math.floor(ttlMs / 1000)',
  ]),
  plant('G15', 'a node of whole seconds is told no more than the time to live', 'replication/life.ts', [
    'return isExact ? ttlMs + node.driver.capabilities.ttlResolutionMs : ttlMs;',
    'return isExact ? ttlMs : ttlMs;',
  ]),
  plant('G16', 'a long time to live is sent as it is', 'driver/memcached/server-time.ts', ABSOLUTE_DATE),
  plant('G17', 'the entries of a list are carried over into a plain object', 'calls/many.ts', [
    '[...values.keys()]',
    'Object.keys(Object.assign({}, Object.fromEntries(values)))',
  ]),
  plant('G18', 'JSON is parsed and no more', 'codec/json-text.ts', [
    "if (typeof value === 'object' && value !== null && SUSPECT.test(text)) defuse(value);",
    '',
  ]),
  plant('G19', 'the seal of an envelope is not checked', 'envelope.ts', [
    "if (seal !== readUint32(bytes, start + SEAL_AT)) return 'corrupt';",
    '',
  ]),
  plant('G20', 'the first bad key rejects the whole call', 'calls/many.ts', [
    '} catch (error) {\n          failures.set(',
    '} catch (error) {\n          if (wave.length > 1) throw error;\n          failures.set(',
  ]),
  plant(
    'G21',
    'a namespace is a pattern',
    'driver/redis/scan.ts',
    ["'MATCH', pattern, 'COUNT'", "'MATCH', '*', 'COUNT'"],
    [
      '.filter((key) => key.startsWith(prefix))',
      ".filter((key) => new RegExp('^' + prefix).test(key) && pattern !== '')",
    ],
  ),
];
