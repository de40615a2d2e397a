/**
 * The Lua scripts of the operations that Redis has no single command for. Each is one indivisible step on the server.
 * Numbers stay exact: Lua's doubles hold every integer up to 2^53.
 *
 * KEYS[1] is the key. KEYS[2] and KEYS[3], where a script is given them, are the companions that are the key's lease while
 * they stand (base/lease-key): set together, removed together, and expiring together.
 */

/** ARGV: '1' if the value is wanted. Answers {value, remaining ms, sha1 of the value}, or nothing on a miss. */
export const INSPECT = `
local v = redis.pcall('GET', KEYS[1])
if type(v) ~= 'string' then return false end
return {ARGV[1] == '1' and v or '', redis.call('PTTL', KEYS[1]), redis.sha1hex(v)}`;

/** ARGV: sha1 the value must have, new value, ttl in ms or '0'. Answers 1 if stored. */
export const COMPARE_AND_SET = `
local v = redis.pcall('GET', KEYS[1])
if type(v) ~= 'string' or redis.sha1hex(v) ~= ARGV[1] then return 0 end
if KEYS[2] then redis.call('UNLINK', KEYS[2], KEYS[3]) end
if ARGV[3] == '0' then redis.call('SET', KEYS[1], ARGV[2]) else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return 1`;

/** ARGV: delta, initial or '', ttl in ms or '0'. Answers the new value as digits, or nothing. Stops at 0 and refuses to pass 2^53 - 1. */
export const COUNT = `
local v = redis.call('GET', KEYS[1])
if not v then
  if ARGV[2] == '' then return false end
  if KEYS[2] then redis.call('UNLINK', KEYS[2], KEYS[3]) end
  if ARGV[3] == '0' then redis.call('SET', KEYS[1], ARGV[2]) else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
  return ARGV[2]
end
if #v > 16 or not string.find(v, '^%d+$') then return redis.error_reply('WRONGTYPE the entry is not a counter') end
local n = tonumber(v) + tonumber(ARGV[1])
if n < 0 then n = 0 end
if n > 9007199254740991 then return redis.error_reply('ERR the counter would pass 2^53 - 1') end
local s = string.format('%.0f', n)
redis.call('SET', KEYS[1], s, 'KEEPTTL')
return s`;

/** Removes the expiry; answers 1 if the key exists, which PERSIST alone does not tell. */
export const PERSIST = `
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('PERSIST', KEYS[1])
return 1`;

/** ARGV: token, ttl in ms. Answers the token if granted, 0 if there is an entry, -1 if another lease stands. */
export const LEASE = `
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
if not redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2], 'NX') then return -1 end
redis.call('SET', KEYS[3], '', 'PX', ARGV[2])
return ARGV[1]`;

/** ARGV: token, value, ttl in ms or '0'. Answers 1 if stored. */
export const STORE_LEASED = `
if redis.pcall('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('UNLINK', KEYS[2], KEYS[3])
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
if ARGV[3] == '0' then redis.call('SET', KEYS[1], ARGV[2]) else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return 1`;

/** ARGV: value, ttl in ms, 'NX', 'XX' or ''. Answers as SET does. */
export const SHORT_STORE = `
redis.call('UNLINK', KEYS[2], KEYS[3])
if ARGV[3] == '' then return redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
return redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2], ARGV[3])`;

/** ARGV: ttl in ms. Answers as PEXPIRE does. */
export const SHORT_TOUCH = `
redis.call('UNLINK', KEYS[2], KEYS[3])
return redis.call('PEXPIRE', KEYS[1], ARGV[1])`;
