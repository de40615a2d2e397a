/** Options that nobody behind this checks, by kind: what is of another would be passed over in silence, or fail a command. */

import { shown } from '../../base/shown.js';
import { OptionError } from '../../errors.js';
import { number, type OptionRule } from '../../node/option-rules.js';

const yesOrNo: OptionRule = { says: 'true or false', holds: (value) => typeof value === 'boolean' };
const text: OptionRule = { says: 'a string', holds: (value) => typeof value === 'string' };
const object: OptionRule = { says: 'an object', holds: isObject };

const RULES: ReadonlyMap<string, OptionRule> = new Map<string, OptionRule>([
  ['keyPrefix', text],
  ['connectionName', text],
  ['host', text],
  ['path', text],
  ['lazyConnect', yesOrNo],
  ['autoResubscribe', yesOrNo],
  ['showFriendlyErrorStack', yesOrNo],
  ['offlineQueueMs', number(0)],
  ['enableOfflineQueue', yesOrNo],
  ['blockingTimeout', number(0)],
  ['blockingTimeoutGrace', number(0)],
  ['timeouts', object],
  ['bulkhead', object],
  ['health', { says: 'an object, or false', holds: (value) => value === false || isObject(value) }],
  ['tls', { says: 'an object, or true', holds: (value) => value === true || isObject(value) }],
  ['scripts', { says: 'an object of { lua, numberOfKeys? }', holds: isScripts }],
]);

/** @throws OptionError */
export function checkKind(name: string, value: unknown): void {
  const rule = RULES.get(name);
  if (rule?.holds(value) === false) throw new OptionError(name, `must be ${rule.says}, got ${shown(value)}`);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isScripts(value: unknown): boolean {
  return (
    isObject(value) &&
    Object.values(value).every((script) => isObject(script) && text.holds(Reflect.get(script, 'lua')))
  );
}
