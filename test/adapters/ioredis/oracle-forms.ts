/**
 * How every keyed command of the Redis 7 table may be called, in the little language of oracle-arguments. Where a command
 * takes several keys they share a tag: an indivisible command has one node.
 */

import { type Form, form } from './oracle-arguments.js';

const STRINGS = `
append @str $value|append @none $value
bitcount @str|bitcount @str $index $index|bitcount @str $index $index BIT
bitfield @str GET u4 0 INCRBY i5 2 $delta|bitfield @str OVERFLOW FAIL INCRBY u2 1 3 SET u8 $offset 9
bitfield_ro @str GET u8 $offset
bitop AND @dst @str @str2|bitop NOT @dst @str|bitop XOR @str @str @none
bitpos @str $bit|bitpos @str $bit $index|bitpos @str 1 0 -1 BIT
decr @num|decr @none|decrby @num $delta|incr @num|incrby @num $delta|incrbyfloat @num $float
get @str|get @none|get @bin|getbit @str $offset|getdel @str|getex @str EX $seconds|getex @str PERSIST|getex @str
getrange @str $index $index|getset @str $value|lcs @str @str2|lcs @str @str2 LEN|lcs @str @str2 IDX WITHMATCHLEN
mget @str @none @list @bin|mset @str $value @dst $value|msetnx @dst $value @dst2 $value|msetnx @dst 1 @str 2
psetex @str $millis $value|set @str $value|set @str $value EX $seconds|set @str $value PX $millis NX|set @dst $value NX GET
set @str $value XX KEEPTTL|set @list $value GET|set @str $value EXAT 4102444800|set @str $value BOGUS
setbit @str $offset $bit|setex @str $seconds $value|setnx @str $value|setnx @dst $value|setrange @str $count $value
strlen @str|strlen @none|substr @str $index $index`;

const KEYS = `
copy @str @dst|copy @str @str2|copy @list @str2 REPLACE|del @str|del @str @list @none|dump @str|dump @none
exists @str|exists @str @none @str|expire @str $seconds|expire @str $seconds NX|expire @none 10|expireat @str 4102444800 GT
expireat @list 4102444800|expiretime @str|expiretime @volatile|move @str 1|object ENCODING @list|object ENCODING @none
object REFCOUNT @str|object IDLETIME @str|object FREQ @str|object HELP|persist @volatile|persist @str
pexpire @str $millis|pexpireat @str 4102444800000|pexpiretime @volatile|pexpiretime @str|pttl @volatile|pttl @none
rename @str @dst|restore @dst 0 $dump|restore @dst $millis $dump ABSTTL|restore @str 0 $dump|restore @dst 0 $bytes|rename @none @dst|rename @list @str|renamenx @str @dst|renamenx @str @str2
sort @numbers|sort @numbers DESC LIMIT 1 2|sort @list ALPHA|sort @list|sort @list ALPHA STORE @dst|sort @numbers BY nosort|sort @list ALPHA GET # GET @num
sort_ro @numbers|sort_ro @list ALPHA DESC|touch @str|touch @str @none @list|ttl @volatile|ttl @str|type @zset|type @none
unlink @str|unlink @str @list @none|memory USAGE @str|memory USAGE @none`;

const HASHES = `
hdel @hash $field|hdel @hash f1 f2 n zz|hexists @hash $field|hget @hash $field|hget @none f|hgetall @hash|hgetall @none
hincrby @hash n $delta|hincrby @hash f1 1|hincrbyfloat @hash n $float|hkeys @hash|hlen @hash|hmget @hash f1 $field zz
hmset @hash f1 $value new $value|hrandfield @hash|hrandfield @hash $count|hrandfield @hash 10 WITHVALUES
hscan @hash 0|hscan @hash 0 MATCH f* COUNT 100|hset @hash f1 $value $field $value|hset @hash f1|hsetnx @hash $field $value
hstrlen @hash $field|hvals @hash`;

const LISTS = `
lindex @list $index|linsert @list BEFORE $member $value|linsert @list AFTER b $value|linsert @list BESIDE b c|llen @list
lmove @list @list2 LEFT RIGHT|lmove @list @list RIGHT LEFT|lmpop 2 @none @list LEFT COUNT $count|lmpop 1 @none LEFT
lpop @list|lpop @list $count|lpop @none|lpop @list 0|lpos @list $member|lpos @list a RANK -1 COUNT 0
lpush @list $value|lpush @none $value $value|lpushx @list $value|lpushx @none $value|lrange @list 0 -1
lrange @list $index $index|lrem @list $index $member|lset @list $index $value|lset @none 0 x|ltrim @list $index $index
rpop @list|rpop @list $count|rpoplpush @list @list2|rpoplpush @none @list2|rpush @list $value $bytes|rpushx @list $value
rpushx @none x`;

const SETS = `
sadd @set $member|sadd @set $value x y|scard @set|sdiff @set @set2|sdiffstore @dst @set @set2|sinter @set @set2
sinter @set @none|sintercard 2 @set @set2|sintercard 2 @set @set2 LIMIT 1|sinterstore @dst @set @set2|sismember @set $member
smembers @set|smembers @none|smismember @set a $member|smove @set @set2 $member|spop @none|spop @set $count|spop @set 50
srandmember @set|srandmember @set $count|srandmember @none|srem @set $member|srem @set a b zz|sscan @set 0|sscan @set 0 COUNT 50
sunion @set @set2|sunionstore @dst @set @set2`;

const SORTED_SETS = `
zadd @zset $score $member|zadd @zset NX $score new $score a|zadd @zset XX CH $score $member|zadd @zset INCR $delta $member
zadd @zset GT LT 1 a|zcard @zset|zcount @zset $min $max|zdiff 2 @zset @zset2|zdiff 2 @zset @zset2 WITHSCORES
zdiffstore @dst 2 @zset @zset2|zincrby @zset $delta $member|zinter 2 @zset @zset2 WITHSCORES|zinter 2 @zset @set
zintercard 2 @zset @zset2|zinterstore @dst 2 @zset @zset2 WEIGHTS 2 3 AGGREGATE MAX|zlexcount @lex $lexmin $lexmax
zmpop 2 @none @zset MAX COUNT $count|zmpop 1 @none MIN|zmscore @zset a $member|zpopmax @zset|zpopmax @zset $count
zpopmin @zset|zpopmin @zset $count|zpopmin @none|zrandmember @zset|zrandmember @zset $count WITHSCORES
zrange @zset 0 -1|zrange @zset $index $index WITHSCORES|zrange @zset $min $max BYSCORE LIMIT 0 2|zrange @lex $lexmin $lexmax BYLEX
zrangebylex @lex $lexmin $lexmax|zrangebyscore @zset $min $max|zrangebyscore @zset $min $max WITHSCORES LIMIT 0 2
zrangestore @dst @zset 0 1|zrank @zset $member|zrank @zset zz|zrem @zset $member|zrem @zset a zz
zremrangebylex @lex $lexmin $lexmax|zremrangebyrank @zset $index $index|zremrangebyscore @zset $min $max
zrevrange @zset 0 -1 WITHSCORES|zrevrangebylex @lex $lexmax $lexmin|zrevrangebyscore @zset $max $min
zrevrank @zset $member|zscan @zset 0|zscore @zset $member|zscore @none a|zunion 2 @zset @zset2 WITHSCORES
zunionstore @dst 2 @zset @zset2|zunionstore @dst 2 @zset @set AGGREGATE MIN`;

const STREAMS = `
xack @stream grp 1-1 9-9|xadd @stream 99-1 f $value|xadd @stream 1-1 f v|xadd @stream NOMKSTREAM MAXLEN 2 98-* f v
xadd @none NOMKSTREAM 98-* f v|xautoclaim @stream grp eve 0 0-0|xautoclaim @stream grp eve 0 0-0 JUSTID
xclaim @stream grp eve 0 1-1|xclaim @stream grp eve 0 1-1 JUSTID|xdel @stream 1-1 7-7|xgroup CREATE @stream g2 0
xgroup CREATE @none g2 0-0 MKSTREAM|xgroup CREATE @stream grp 0|xgroup CREATECONSUMER @stream grp zed|xgroup DELCONSUMER @stream grp ann
xgroup DESTROY @stream grp|xgroup SETID @stream grp 2-1|xinfo STREAM @stream|xinfo GROUPS @stream|xinfo CONSUMERS @stream grp
xinfo STREAM @none|xlen @stream|xpending @stream grp|xpending @stream grp - + 10|xrange @stream - +|xrange @stream 2 + COUNT 1
xread COUNT 2 STREAMS @stream 0|xread STREAMS @stream @none 1-1 0|xreadgroup GROUP grp bob COUNT 1 STREAMS @stream >
xreadgroup GROUP nobody bob STREAMS @stream >|xrevrange @stream + -|xsetid @stream 200-1|xsetid @stream 0-1
xtrim @stream MAXLEN 1|xtrim @stream MINID 2-1`;

const PLACES = `
geoadd @geo $lon $lat home|geoadd @geo CH 13.4 52.5 berlin|geodist @geo berlin paris km|geodist @geo berlin zz
geohash @geo berlin zz|geopos @geo berlin zz|georadius @geo $lon $lat 500 km ASC|georadius @geo 2 48 900 km STORE @dst
georadius_ro @geo $lon $lat 500 km WITHDIST ASC|georadiusbymember @geo berlin 900 km ASC
georadiusbymember_ro @geo berlin 900 km WITHCOORD DESC|geosearch @geo FROMLONLAT $lon $lat BYRADIUS 900 km ASC WITHDIST
geosearchstore @dst @geo FROMMEMBER berlin BYBOX 900 900 km|pfadd @hll $member|pfadd @hll|pfcount @hll|pfcount @hll @hll2
pfmerge @dst @hll @hll2|pfdebug ENCODING @hll`;

/** With data there, or a limit that is over soon. */
const BLOCKING = `
blpop @none @list 1|brpop @list 1|blmove @list @list2 LEFT LEFT 1|brpoplpush @list @list2 1|blmpop 1 1 @list LEFT COUNT 2
bzpopmin @zset 1|bzpopmax @none @zset 1|bzmpop 1 2 @none @zset MIN|blpop @none 0.01|bzpopmin @none 0.01
blmove @none @list2 LEFT LEFT 0.01|blpop @str 1|blpop @list oops|xread BLOCK 10 STREAMS @stream 50-1
xread BLOCK 10 STREAMS @stream 0|xreadgroup GROUP grp bob BLOCK 10 STREAMS @stream >`;

const SCRIPTS: readonly Form[] = [
  form('eval', 'return {KEYS[1], ARGV[1], redis.call("get", KEYS[1])}', '1', '@str', '$value'),
  form('eval', 'return redis.call("lpush", KEYS[1], 1)', '1', '@str'),
  form('eval', 'return redis.error_reply("MINE and no other")', '1', '@str'),
  form('eval_ro', 'return {KEYS[1], 1, false, 2}', '1', '@str'),
  form('eval_ro', 'return redis.call("set", KEYS[1], 1)', '1', '@str'),
  form('evalsha ffffffffffffffffffffffffffffffffffffffff 1 @str'),
  form('evalsha_ro ffffffffffffffffffffffffffffffffffffffff 1 @str'),
  form('fcall nowhere 1 @str'),
  form('fcall_ro nowhere 1 @str'),
];

/** Without a key: asked of any node, or of all, with one answer. */
const KEYLESS = `
ping|ping $value|echo $value|publish nobody $value|spublish nobody $value|pubsub CHANNELS nobody*|pubsub NUMSUB nobody
pubsub NUMPAT|pubsub SHARDCHANNELS nobody*|pubsub SHARDNUMSUB nobody|pubsub HELP|command|command COUNT|command LIST
command INFO get nothing|command DOCS get|command GETKEYS set a b|command GETKEYS nothing|command GETKEYSANDFLAGS get a
command HELP|time|randomkey|info|info server|lolwut|keys {no}*|scan 0 MATCH {no}* COUNT 1000
memory HELP|object HELP|xgroup HELP|xinfo HELP|function HELP|script HELP|client HELP|discard|exec|unwatch`;

const LUA = 'return "loaded"';
const LIBRARY = `#!lua name=mine
redis.register_function{function_name='mine', callback=function(keys, args) return args end, flags={'no-writes'}}`;

/** In this order: each depends on those before it. */
export const CODE_FORMS: readonly Form[] = [
  form('script LOAD', LUA),
  form('script EXISTS e0c82beb678ad47bd658710d9905611aa4a0b187'),
  form('evalsha e0c82beb678ad47bd658710d9905611aa4a0b187 1 @str'),
  form('script FLUSH'),
  form('function LOAD', LIBRARY),
  form('function LOAD', LIBRARY),
  form('function LOAD REPLACE', LIBRARY),
  form('function LIST'),
  form('function LIST LIBRARYNAME mine WITHCODE'),
  form('fcall mine 1 @str $value'),
  form('fcall_ro mine 1 @str $value'),
  form('function STATS'),
  form('function DUMP'),
  form('function DELETE mine'),
  form('function RESTORE garbage'),
  form('function FLUSH'),
];

/** Last: nothing is left afterwards. */
/** Nothing is counted before all is gone: of what was to live briefly, one side may have lost more. */
export const FLUSH_FORMS: readonly Form[] = [form('flushdb'), form('dbsize'), form('flushall'), form('dbsize')];

const parse = (table: string): Form[] =>
  table
    .split(/[\n|]/)
    .filter((line) => line !== '')
    .map((line) => form(line));

/** All that answer at once. */
export const FORMS: readonly Form[] = [
  ...[STRINGS, KEYS, HASHES, LISTS, SETS, SORTED_SETS, STREAMS, PLACES].flatMap(parse),
  ...SCRIPTS,
];

export const BLOCKING_FORMS: readonly Form[] = parse(BLOCKING);

export const KEYLESS_FORMS: readonly Form[] = parse(KEYLESS);
