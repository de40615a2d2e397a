/**
 * What every case begins with, and how it is compared afterwards: keys of each type under one tag, so that they lie on
 * one node, laid down and read back by a script in one call.
 */

import type { Client } from './oracle-call.js';
import { invoke } from './oracle-call.js';

const NAMES = [
  'str str2 bin num volatile list list2 numbers hash set set2 zset zset2 lex stream geo hll hll2',
  'none dst dst2',
]
  .join(' ')
  .split(' ');

const SEED = `
local at = {}
for i, name in ipairs(ARGV) do at[name] = KEYS[i]; redis.call('del', KEYS[i]) end
redis.call('mset', at.str, 'hello', at.str2, 'yellow', at.bin, '\\0\\255\\r\\n\\128', at.num, '10')
redis.call('set', at.volatile, 'v', 'exat', 4102444800)
redis.call('rpush', at.list, 'a', 'b', 'c', 'a')
redis.call('rpush', at.list2, 'x')
redis.call('rpush', at.numbers, 3, 1, 2)
redis.call('hset', at.hash, 'f1', 'v1', 'f2', 'v2', 'n', '5')
redis.call('sadd', at.set, 'a', 'b', 'c', '3')
redis.call('sadd', at.set2, 'b', 'c', 'd')
redis.call('zadd', at.zset, 1, 'a', 2, 'b', 3, 'c')
redis.call('zadd', at.zset2, 10, 'b', 20, 'd')
redis.call('zadd', at.lex, 0, 'a', 0, 'b', 0, 'c', 0, 'd')
redis.call('xadd', at.stream, '1-1', 'f', 'one')
redis.call('xadd', at.stream, '2-1', 'f', 'two')
redis.call('xadd', at.stream, '3-1', 'g', 'three')
redis.call('xgroup', 'create', at.stream, 'grp', '0')
redis.call('xreadgroup', 'group', 'grp', 'ann', 'count', 2, 'streams', at.stream, '>')
redis.call('geoadd', at.geo, 13.4, 52.5, 'berlin', 2.35, 48.85, 'paris', -0.12, 51.5, 'london')
redis.call('pfadd', at.hll, 'a', 'b', 'c')
redis.call('pfadd', at.hll2, 'c', 'd')
return #ARGV`;

/**
 * Of each key: its type, when it expires or, if that is near, its time to live in units of ten seconds, its contents in
 * an order that does not vary.
 */
const STATE = `
local function pairsOf(flat)
  local out = {}
  for i = 1, #flat, 2 do out[#out + 1] = flat[i] .. '=' .. flat[i + 1] end
  table.sort(out)
  return out
end
local state = {}
for i, key in ipairs(KEYS) do
  local kind = redis.call('type', key).ok
  local content = false
  if kind == 'string' then content = redis.call('get', key)
  elseif kind == 'list' then content = redis.call('lrange', key, 0, -1)
  elseif kind == 'hash' then content = pairsOf(redis.call('hgetall', key))
  elseif kind == 'set' then content = redis.call('smembers', key); table.sort(content)
  elseif kind == 'zset' then content = redis.call('zrange', key, 0, -1, 'withscores')
  elseif kind == 'stream' then
    content = {redis.call('xrange', key, '-', '+')}
    for _, group in ipairs(redis.call('xinfo', 'groups', key)) do
      content[#content + 1] = {group[2], group[4], group[6], group[8]}
    end
  end
  local ttl = redis.call('pttl', key)
  if ttl > 1000000000 then ttl = redis.call('pexpiretime', key)
  elseif ttl > 0 then ttl = math.floor(ttl / 10000 + 0.5) end
  state[i] = {kind, ttl, content}
end
return state`;

export const keysOf = (tag: string): string[] => NAMES.map((name) => `{${tag}}:${name}`);

export async function seed(client: Client, tag: string): Promise<void> {
  const keys = keysOf(tag);
  const made = await invoke(client, 'eval', [SEED, keys.length, ...keys, ...NAMES]);
  if (made !== NAMES.length) throw new Error(`seeding answered ${String(made)}`);
}

/** Every key of the world with its contents, byte for byte. */
export async function stateOf(client: Client, tag: string): Promise<unknown> {
  const keys = keysOf(tag);
  const state = await invoke(client, 'evalBuffer', [STATE, keys.length, ...keys]);
  if (!Array.isArray(state)) throw new Error('the state of the world is a list');
  return Object.fromEntries(state.map((entry: unknown, i) => [NAMES[i], entry]));
}
