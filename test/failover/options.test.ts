import { describe, expect, it } from 'vitest';
import { createCache, type FailoverOptions, type NodeOptions } from '../../src/index.js';
import { parseNode, parseNodes } from '../../src/options/node-options.js';

const A: NodeOptions = { url: 'redis://h:1', group: 'g', role: 'primary', weight: 2, zone: 'z' };
const B: NodeOptions = { url: 'redis://h:2', group: 'g', role: 'standby', priority: 7 };

function refusal(nodes: readonly (string | NodeOptions)[], failover: FailoverOptions = {}, health?: false): string {
  try {
    void createCache({ nodes, failover, ...(health === undefined ? {} : { health }) }).destroy();
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
  return 'accepted';
}

describe('nodes of a group', () => {
  it('become one node of the group, with weight, zone and address of the primary, in the place of the first', () => {
    const [first, group, ...rest] = parseNodes(['redis://h:9', B, A]);
    expect(rest).toEqual([]);
    expect(first).toMatchObject({ name: 'h:9', members: undefined });
    expect(group).toMatchObject({ name: 'g', weight: 2, zone: 'z', address: { host: 'h', port: 1 } });
    expect(group?.members?.map(({ name, place }) => [name, place])).toEqual([
      ['h:1', { group: 'g', role: 'primary', priority: 100 }],
      ['h:2', { group: 'g', role: 'standby', priority: 7 }],
    ]);
  });

  it('may bear the name of their primary as that of the group, so that a node that gets a standby stays where it was', () => {
    expect(
      parseNodes([
        { ...A, group: 'h:1' },
        { ...B, group: 'h:1' },
      ]).map(({ name }) => name),
    ).toEqual(['h:1']);
  });

  it('are another node of the ring when a standby, its order or its priority changes', () => {
    const identity = (...nodes: NodeOptions[]) => parseNodes(nodes)[0]?.identity;
    const changed = [identity(A, { ...B, priority: 8 }), identity(A, { ...B, url: 'redis://h:3' }), identity(A)];
    for (const other of changed) expect(other).not.toBe(identity(A, B));
    expect(identity(B, A)).toBe(identity(A, B));
  });

  it('are refused where the group makes no sense', () => {
    expect(refusal([B])).toBe("nodes: group 'g' must have exactly one primary");
    expect(refusal([A, { ...A, url: 'redis://h:3' }])).toContain("group 'g' must have exactly one primary");
    expect(refusal([A, { ...B, url: 'memcached://h:2' }])).toContain('must be of one kind, not redis and memcached');
    expect(refusal([A, B, { url: 'redis://h:3', name: 'g' }])).toContain("'g' is the name of a group and of a node");
    expect(refusal([A, { ...B, url: 'redis://h:1' }])).toContain("'h:1' is already the name of nodes[0]");
    expect(refusal([{ url: 'redis://h:1', role: 'primary' }])).toContain('nodes[0].role: needs a group');
    expect(refusal([{ url: 'redis://h:1', priority: 1 }])).toContain('nodes[0].priority: needs a group');
    expect(refusal([{ url: 'redis://h:1', group: 'g' }])).toContain("nodes[0].role: must be 'primary' or 'standby'");
    expect(refusal([{ ...A, group: '' }])).toContain('nodes[0].group: must be a non-empty, well-formed string');
    expect(refusal([{ ...A, priority: 1 }])).toContain('nodes[0].priority: must be left out');
    expect(refusal([A, { ...B, priority: 0.5 }])).toContain('nodes[1].priority: must be an integer of at least 0');
    expect(refusal([A, { ...B, weight: 2 }])).toContain('nodes[1].weight: must be left out');
    expect(refusal([A, { ...B, zone: 'y' }])).toContain('nodes[1].zone: must be left out');
    expect(() => parseNode(A, 'node')).toThrow('node.group: must be left out');
  });
});

describe('the option failover', () => {
  it('is refused where unknown, out of range, or automatic without anybody to notice', () => {
    expect(refusal([A, B], { strategy: 'sometimes' as 'manual' })).toContain('failover.strategy: must be one of');
    expect(refusal([A, B], { failback: 'never' as 'manual' })).toContain('failover.failback: must be one of');
    expect(refusal([A, B], { failbackDelayMs: -1 })).toContain(
      'failover.failbackDelayMs: must be a number of at least 0',
    );
    expect(refusal([A, B], { maxLagBytes: 1.5 })).toContain('failover.maxLagBytes: must be an integer');
    expect(refusal([A, B], { promote: 'yes' as never })).toContain('failover.promote: must be true or false');
    expect(refusal([A, B], { delay: 1 } as FailoverOptions)).toContain('failover.delay: is not an option');
    expect(refusal([A, B], { strategy: 'automatic' }, false)).toContain("must be 'manual' where health is false");
  });
});
