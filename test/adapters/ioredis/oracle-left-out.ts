/** Commands of the Redis 7 table that the oracle does not run, and why. Everything else is run. */

const REASONS: Readonly<Record<string, string>> = {
  'closes, replaces or changes the connection itself':
    'quit reset auth hello monitor client_kill client_reply client_pause client_unpause client_no-evict client_tracking client_caching client_getredir client_trackinginfo client_unblock',
  'tells of one connection, and there are several': 'client_info client_list client_id client_getname client_setname',
  'concerns the writes, or the database, of one connection; refused with ERR_CROSS_NODE': 'wait select',
  'administers a server, not keys':
    'acl_* bgrewriteaof bgsave save lastsave config_* debug failover latency_* module_* pfselftest psync replconf replicaof slaveof role shutdown slowlog_* swapdb sync memory_doctor memory_malloc-stats memory_purge memory_stats',
  'for members of a Redis Cluster': 'asking cluster_* readonly readwrite restore-asking migrate',
  'subscribes: its answers come as events, see pubsub.test.ts':
    'subscribe psubscribe ssubscribe unsubscribe punsubscribe sunsubscribe',
  'means something in a sequence only, see oracle-sequences.test.ts': 'multi watch',
  'needs a server without other clients for its answer to be the same': 'function_kill script_kill script_debug',
};

const RULES = Object.entries(REASONS).flatMap(([reason, names]) =>
  names.split(' ').map((name) => ({ reason, name: name.replace('_', ' ') })),
);

/** Why this command is left out, if it is. */
export function reasonToLeaveOut(command: string): string | undefined {
  return RULES.find(({ name }) => (name.endsWith('*') ? command.startsWith(name.slice(0, -1)) : command === name))
    ?.reason;
}
