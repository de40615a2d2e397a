/** What a Redis server tells of its place in a replication (`INFO replication`), and how far one is behind another. */

export interface ReplicationInfo {
  readonly role: 'master' | 'replica';
  /** Names one history of writes; shared by a master and the replicas that follow it. */
  readonly history: string;
  /** Bytes of that history applied so far. */
  readonly offset: number;
}

/** `undefined` for a text that does not tell. */
export function parseReplicationInfo(text: string): ReplicationInfo | undefined {
  const field = (name: string): string | undefined => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(text)?.[1];
  const role = field('role');
  if (role !== 'master' && role !== 'slave') return undefined;
  const history = field('master_replid') ?? '';
  // Of a replica, `master_repl_offset` is what it has received and passes on, `slave_repl_offset` what it has applied.
  const offset = Number(field(role === 'slave' ? 'slave_repl_offset' : 'master_repl_offset'));
  return { role: role === 'slave' ? 'replica' : 'master', history, offset: Number.isFinite(offset) ? offset : 0 };
}

/**
 * Bytes by which `follower` is behind `leader`; `undefined` if it does not follow it. Both are as last heard of: when the
 * leader is dead, all its followers are measured against the same last word of it.
 */
export function lagBytes(
  leader: ReplicationInfo | undefined,
  follower: ReplicationInfo | undefined,
): number | undefined {
  if (leader === undefined || follower === undefined || leader.history === '') return undefined;
  return leader.history === follower.history ? Math.max(0, leader.offset - follower.offset) : undefined;
}
