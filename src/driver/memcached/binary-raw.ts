/**
 * Raw commands in the binary protocol, of which there are few: `version`, `flush_all`, `stats` and the affixes. Their replies
 * are those of the text protocol, so that nobody needs to know which of the two a node speaks.
 */

import type { RawOperation } from '../driver.js';
import { affixReply, affixWords } from './affix.js';
import { OPCODE, type ResponseFrame } from './binary-frames.js';
import type { Exchange } from './exchange.js';
import { errorOfStatus, NOT_FOUND, NOT_STORED, OK } from './settle-binary.js';

export interface RawExchange extends Exchange {
  readonly key: string;
  readonly value: Buffer;
}

const NOTHING: Buffer = Buffer.alloc(0);

/** `undefined` for what this protocol is not asked for. */
export function rawExchange(operation: RawOperation): RawExchange | undefined {
  const [command, ...rest] = operation.words.map(String);
  const affix = affixWords(operation);
  if (affix !== undefined) return affix.key === '' ? undefined : affixed(operation, affix);
  if (command === 'stats') return statistics(operation, rest.join(' '));
  if (rest.length > 0) return undefined;
  if (command === 'version') return single(operation, OPCODE.version, (text) => `VERSION ${text}`);
  return command === 'flush_all' ? single(operation, OPCODE.flush, () => 'OK') : undefined;
}

function affixed(
  operation: RawOperation,
  { affix, key, bytes }: NonNullable<ReturnType<typeof affixWords>>,
): RawExchange {
  const take = ({ status }: ResponseFrame): boolean => {
    if (status === OK || status === NOT_STORED || status === NOT_FOUND) operation.done(affixReply(status === OK));
    else operation.fail(errorOfStatus(status, key));
    return true;
  };
  return exchange(operation, OPCODE[affix], take, key, bytes);
}

function single(operation: RawOperation, opcode: number, replyOf: (text: string) => string): RawExchange {
  const take = ({ status, valueStart, end }: ResponseFrame, bytes: Buffer): boolean => {
    if (status === OK) operation.done(replyOf(bytes.latin1Slice(valueStart, end)));
    else operation.fail(errorOfStatus(status, ''));
    return true;
  };
  return exchange(operation, opcode, take);
}

/** One response for each line, and one without a body that ends them. */
function statistics(operation: RawOperation, section: string): RawExchange {
  const lines: string[] = [];
  const take = ({ status, extrasStart, keyStart, valueStart, end }: ResponseFrame, bytes: Buffer): boolean => {
    if (status !== OK) operation.fail(errorOfStatus(status, ''));
    else if (end === extrasStart) operation.done(lines);
    else lines.push(`STAT ${bytes.latin1Slice(keyStart, valueStart)} ${bytes.latin1Slice(valueStart, end)}`);
    return status !== OK || end === extrasStart;
  };
  return exchange(operation, OPCODE.stat, take, section);
}

function exchange(
  operation: RawOperation,
  opcode: number,
  take: Exchange['take'],
  key = '',
  value = NOTHING,
): RawExchange {
  return { kind: 'exchange', opcode, take, fail: (error) => operation.fail(error), key, value };
}
