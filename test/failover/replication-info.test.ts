import { describe, expect, it } from 'vitest';
import { lagBytes, parseReplicationInfo } from '../../src/failover/replication-info.js';

const MASTER = `# Replication\r
role:master\r
connected_slaves:1\r
slave0:ip=127.0.0.1,port=7002,state=online,offset=994,lag=1\r
master_replid:6a1f\r
master_replid2:0000\r
master_repl_offset:1008\r
`;
const REPLICA = `# Replication\r
role:slave\r
master_host:127.0.0.1\r
master_link_status:up\r
slave_read_repl_offset:1008\r
slave_repl_offset:994\r
slave_read_only:1\r
master_replid:6a1f\r
master_repl_offset:1000\r
`;

describe('INFO replication', () => {
  it('tells role, history and how much of it was applied', () => {
    expect(parseReplicationInfo(MASTER)).toEqual({ role: 'master', history: '6a1f', offset: 1008 });
    expect(parseReplicationInfo(REPLICA)).toEqual({ role: 'replica', history: '6a1f', offset: 994 });
  });

  it('is nothing where no role is told, and has applied nothing where no offset is', () => {
    expect(parseReplicationInfo('# Server\r\nredis_version:7.0.0\r\n')).toBeUndefined();
    expect(parseReplicationInfo('role:sentinel\r\n')).toBeUndefined();
    expect(parseReplicationInfo('role:slave\r\n')).toEqual({ role: 'replica', history: '', offset: 0 });
  });

  it('gives the lag in bytes, never below 0, and only behind one that is followed', () => {
    const [master, replica] = [parseReplicationInfo(MASTER), parseReplicationInfo(REPLICA)];
    expect(lagBytes(master, replica)).toBe(14);
    expect(lagBytes(replica, master)).toBe(0);
    expect(lagBytes(master, { role: 'master', history: 'other', offset: 5 })).toBeUndefined();
    expect(lagBytes(undefined, replica)).toBeUndefined();
    expect(
      lagBytes({ role: 'master', history: '', offset: 5 }, { role: 'replica', history: '', offset: 1 }),
    ).toBeUndefined();
  });
});
