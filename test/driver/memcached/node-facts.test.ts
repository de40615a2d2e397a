import { describe, expect, it } from 'vitest';
import {
  connectionNames,
  largestItem,
  largestValue,
  nodeFacts,
  statistics,
} from '../../../src/driver/memcached/node-facts.js';

const STATS = ['STAT pid 7', 'STAT uptime 40', 'STAT time 1700000040', 'STAT curr_items 0', 'STAT curr_connections 3'];

describe('what a server tells of itself', () => {
  it('names its incarnation by the second it started in and its process', () => {
    const facts = nodeFacts(statistics(STATS));
    expect(facts).toEqual({ incarnation: { id: '1700000000.7', isEmpty: true }, time: 1_700_000_040, connections: 3 });
    const later = nodeFacts(statistics(['STAT pid 7', 'STAT uptime 99', 'STAT time 1700000099', 'STAT curr_items 5']));
    expect(later.incarnation).toEqual({ id: '1700000000.7', isEmpty: false });
  });

  it('is unknown where it does not tell, and not taken for empty then', () => {
    expect(nodeFacts(statistics([]))).toEqual({ incarnation: undefined, time: undefined, connections: undefined });
    expect(nodeFacts(statistics(['STAT uptime 40', 'STAT time 1700000040'])).incarnation?.isEmpty).toBe(false);
    expect(nodeFacts(statistics(['STAT uptime x', 'STAT time -1'])).incarnation).toBeUndefined();
    expect(largestItem(statistics(['STAT item_size_max many']))).toBeUndefined();
    expect(largestItem(statistics(['STAT item_size_max 1048576']))).toBe(1_048_576);
  });

  it('leaves room beside a value for its key and header', () => {
    expect(largestValue(1_048_576, 1)).toBe(1_048_516);
    expect(largestValue(1_048_576, 187)).toBe(1_048_330);
  });

  it('lists the far ends of its connections', () => {
    const names = connectionNames([
      'STAT 23:addr tcp:127.0.0.1:11211',
      'STAT 24:addr tcp6:[::1]:43124',
      'STAT 24:listen_addr tcp6:[::1]:11211',
      'STAT 24:state conn_parse_cmd',
    ]);
    expect([...names]).toEqual(['tcp:127.0.0.1:11211', 'tcp6:[::1]:43124']);
  });
});
