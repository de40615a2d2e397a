import { describe, expect, it } from 'vitest';
import { GroupWorld } from './group-world.js';

describe('a group', () => {
  it('is one node of the ring, and asks its primary', async () => {
    const world = await new GroupWorld().start();
    expect(world.cache.nodes().map(({ name }) => name)).toEqual(['g']);
    expect(world.cache.ring.owners('k')).toEqual(['g']);
    expect(await world.done(world.cache.set('k', 1))).toBe(true);
    expect(world.view).toMatchObject({
      active: 'a',
      members: [
        { name: 'a', role: 'primary', isActive: true, state: 'healthy' },
        { name: 'b', role: 'standby', isActive: false, state: 'healthy', priority: 100, lagBytes: undefined },
      ],
    });
    expect(world.node('a').size).toBe(2); // the key and a canary
    expect(world.node('b').size).toBe(0);
    expect(world.told).toEqual([]);
  });

  it('places keys as its primary alone would under its name, and the ring does not move when a standby takes over', async () => {
    const others = [{ url: 'memory://x' }, { url: 'memory://y' }];
    const world = await new GroupWorld({ nodes: others }).start();
    const keys = Array.from({ length: 200 }, (_, i) => `k${i}`);
    const before = keys.map((key) => world.cache.ring.owners(key));
    const { fingerprint, epoch } = world.cache.ring;
    world.node('a').kill();
    await world.clock.advance(2_000);
    expect(world.view.active).toBe('b');
    expect(world.told).toEqual(['failedOver g: a to b']);
    expect(keys.map((key) => world.cache.ring.owners(key))).toEqual(before);
    expect(world.cache.ring).toMatchObject({ fingerprint, epoch });
    expect(world.cache.nodes().find(({ name }) => name === 'g')?.state).toBe('healthy');
  });

  it('has a standby take over within a second and a half of the end of the primary', async () => {
    const world = await new GroupWorld().start();
    world.node('a').kill();
    await world.clock.advance(1_500);
    expect(world.view.active).toBe('b');
    expect(await world.done(world.cache.set('k', 2))).toBe(true);
    expect(await world.done(world.cache.get('k'))).toBe(2);
    expect(world.cache.breakers.get('g')?.state).toBe('closed');
  });

  it('has a standby take over from a primary that hangs, or answers that it cannot serve', async () => {
    for (const fault of ['hang', 'refuse'] as const) {
      const world = await new GroupWorld().start();
      if (fault === 'hang') world.node('a').hang();
      else world.node('a').failWith('read-only', ['store']);
      await world.clock.advance(4_000);
      expect(world.told).toEqual(['failedOver g: a to b']);
      expect(await world.done(world.cache.set('k', 1))).toBe(true);
    }
  });

  it('does not take a blink for the end of its primary', async () => {
    const world = await new GroupWorld().start();
    world.node('a').restart({ data: 'keep' });
    await world.clock.advance(5_000);
    expect(world.told).toEqual([]);
  });

  it('prefers the lower priority, and never takes 0 by itself', async () => {
    const world = await new GroupWorld({ standbys: { b: 200, c: 10, d: 0 } }).start();
    world.node('a').kill();
    await world.clock.advance(2_000);
    world.node('c').kill();
    await world.clock.advance(3_000);
    world.node('b').kill();
    await world.clock.advance(5_000);
    expect(world.told.slice(0, 2)).toEqual(['failedOver g: a to c', 'failedOver g: c to b']);
    expect(world.view.active).toBe('b');
    await world.done(world.cache.failover('d'));
    expect(world.view.active).toBe('d');
  });

  it('does not try a standby that is itself away', async () => {
    const world = await new GroupWorld({ standbys: { b: 1, c: 2 } }).start();
    world.node('b').kill();
    await world.clock.advance(3_000);
    expect(world.view.members.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'a healthy',
      'b ejected',
      'c healthy',
    ]);
    expect(await world.done(world.cache.set('k', 1))).toBe(true);
    world.node('a').kill();
    await world.clock.advance(2_000);
    expect(world.told).toEqual(['failedOver g: a to c']);
  });

  it('is ejected like any node where nobody can take over, and fails over as soon as somebody can', async () => {
    const world = await new GroupWorld({ nodes: ['memory://x'] }).start();
    world.node('b').kill();
    await world.clock.advance(3_000);
    world.node('a').kill();
    await world.clock.advance(3_000);
    expect(world.told).toContain('nodeEjected');
    world.node('b').restart({ data: 'empty' });
    await world.clock.advance(12_000);
    expect(world.view.active).toBe('b');
    expect(world.told).toContain('nodeReadmitted');
  });
});

describe('the primary', () => {
  it('takes over again when it has been well for failbackDelayMs, and not before', async () => {
    const world = await new GroupWorld({ failover: { failbackDelayMs: 20_000 } }).start();
    world.node('a').kill();
    await world.clock.advance(2_000);
    world.node('a').restart({ data: 'keep' });
    await world.clock.advance(15_000);
    world.node('a').kill(); // the time begins anew
    await world.clock.advance(3_000);
    world.node('a').restart({ data: 'keep' });
    await world.clock.advance(19_000);
    expect(world.view.active).toBe('b');
    await world.clock.advance(10_000);
    expect(world.told).toEqual(['failedOver g: a to b', 'failedBack g: b to a']);
    expect(await world.done(world.cache.set('k', 1))).toBe(true);
    expect(world.node('b').size).toBe(1); // the canary of its term
  });

  it('that answers but does not serve is not gone back to again and again', async () => {
    const world = await new GroupWorld({ failover: { failbackDelayMs: 10_000 } }).start();
    world.node('a').failWith('read-only', ['store']);
    await world.clock.advance(120_000);
    // At 1, 11 and 32 s or so, then after 40 and 80 s.
    expect(world.told.filter((one) => one.startsWith('failedBack')).length).toBeGreaterThanOrEqual(2);
    expect(world.told.filter((one) => one.startsWith('failedBack')).length).toBeLessThanOrEqual(4);
    world.node('a').heal();
    await world.clock.advance(200_000);
    expect(world.view.active).toBe('a');
    expect(world.told.filter((one) => one === 'nodeEjected')).toEqual([]);
  });

  it("stays a standby with failback: 'manual', until it is chosen by hand or the standby fails", async () => {
    const world = await new GroupWorld({ failover: { failback: 'manual', failbackDelayMs: 100 } }).start();
    world.node('a').kill();
    await world.clock.advance(2_000);
    world.node('a').restart({ data: 'keep' });
    await world.clock.advance(60_000);
    expect(world.view.active).toBe('b');
    await world.done(world.cache.failover('a'));
    expect(world.view.active).toBe('a');
    expect(world.told).toEqual(['failedOver g: a to b', 'failedBack g: b to a']);
  });

  it('takes over at once from a standby that fails', async () => {
    const world = await new GroupWorld({ failover: { failback: 'manual' } }).start();
    world.node('a').kill();
    await world.clock.advance(2_000);
    world.node('a').restart({ data: 'keep' });
    await world.clock.advance(8_000);
    world.node('b').kill();
    await world.clock.advance(2_000);
    expect(world.told).toEqual(['failedOver g: a to b', 'failedBack g: b to a']);
  });

  it('has lost what was overwritten elsewhere before it takes over again, so that no other process meets it there', async () => {
    const world = await new GroupWorld({ failover: { failbackDelayMs: 5_000 } }).start();
    const { cache } = world;
    await world.done(Promise.all([cache.set('old', 'v1'), cache.set('gone', 'v1'), cache.set('kept', 'v1')]));
    world.node('a').kill();
    await world.clock.advance(2_000);
    await world.done(Promise.all([cache.set('old', 'v2'), cache.delete('gone')]));
    expect(world.view.missedKeys).toBeGreaterThanOrEqual(2);
    world.node('a').restart({ data: 'keep' });
    expect([...world.node('a').snapshot().keys()].filter((key) => !key.includes('canary')).sort()).toEqual([
      'gone',
      'kept',
      'old',
    ]);
    await world.clock.advance(20_000);
    expect(world.told).toEqual(['failedOver g: a to b', 'failedBack g: b to a']);
    expect([...world.node('a').snapshot().keys()].filter((key) => !key.includes('canary'))).toEqual(['kept']);
    expect(world.view.missedKeys).toBe(0);
    expect(await world.done(cache.get('old'))).toBeUndefined();
    expect(await world.done(cache.get('kept'))).toBe('v1');
  });

  it('keeps what is written there once it leads, though not all it had missed was deleted before', async () => {
    const health = { intervalMs: 200, unhealthyAfter: 2, ejectionMs: 100 };
    const world = await new GroupWorld({ health, namespace: 'n' }).start();
    const { cache, clock } = world;
    const [a, b] = [world.node('a'), world.node('b')];
    const entries = (value: string) => Array.from({ length: 3_000 }, (_, i) => [`k${i}`, value] as const);
    await world.done(cache.setMany([...entries('v1'), ['lock', 'v1']]));
    a.kill();
    await clock.advance(3_000);
    await world.done(cache.setMany([...entries('v2'), ['lock', 'v2']]));
    a.restart({ data: 'keep' });
    await clock.advance(5_000);
    expect(world.view.active).toBe('b');
    // So slow that there is no time to delete all of them.
    a.latencyMs = 60;
    b.kill();
    while (world.view.active !== 'a') await clock.advance(10);
    const locked = async (): Promise<boolean> => world.done(cache.add('lock', 'mine').catch(() => false));
    while (!(await locked())) await clock.advance(10);
    await clock.advance(20_000);
    expect(await world.done(cache.get('lock'))).toBe('mine');
    expect([...a.snapshot().keys()].filter((key) => !key.includes('canary'))).toEqual(['n:lock']);
  });
});

describe('by hand', () => {
  it('failover(to) makes any node of a group the active one, and it stays so while it serves', async () => {
    const world = await new GroupWorld({ failover: { failbackDelayMs: 1_000 } }).start();
    await world.done(world.cache.failover('b'));
    expect(world.view.active).toBe('b');
    expect(await world.done(world.cache.set('k', 1))).toBe(true);
    await world.clock.advance(60_000);
    expect(world.view.active).toBe('b');
    world.node('b').kill();
    await world.clock.advance(3_000);
    expect(world.view.active).toBe('a');
    expect(world.told).toEqual(['failedOver g: a to b', 'failedBack g: b to a']);
  });

  it('resolves when calls reach the node chosen', async () => {
    const world = await new GroupWorld().start();
    world.node('b').latencyMs = 50;
    await world.done(world.cache.failover('b'));
    expect(await world.done(world.cache.set('k', 1))).toBe(true);
  });

  it("is the only way with strategy: 'manual'", async () => {
    const world = await new GroupWorld({ failover: { strategy: 'manual' }, nodes: ['memory://x'] }).start();
    world.node('a').kill();
    await world.clock.advance(5_000);
    expect(world.view.active).toBe('a');
    expect(world.told).toContain('nodeEjected');
    await world.done(world.cache.failover('b'));
    expect(world.view.active).toBe('b');
    await world.clock.advance(20_000);
    expect(world.told).toContain('nodeReadmitted');
  });

  it('works without health too', async () => {
    const world = new GroupWorld({ health: false });
    expect(await world.done(world.cache.set('k', 1))).toBe(true);
    world.node('a').kill();
    await world.clock.advance(10_000);
    expect(world.view.active).toBe('a');
    await world.done(world.cache.failover('b'));
    expect(world.view.active).toBe('b');
    await world.clock.advance(3_000);
    expect(await world.done(world.cache.set('k', 2))).toBe(true);
  });

  it('refuses what does not answer, and names that are none', async () => {
    const world = await new GroupWorld({ nodes: ['memory://x'] }).start();
    world.node('b').kill();
    await expect(world.done(world.cache.failover('b'))).rejects.toMatchObject({
      code: 'ERR_UNAVAILABLE',
      message: 'b cannot take over: it does not answer',
    });
    for (const name of ['g', 'x', 'nobody'])
      await expect(world.done(world.cache.failover(name))).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION' });
    expect(world.view.active).toBe('a');
  });
});

describe('a cache with groups', () => {
  it('leaves no timer and no connection behind', async () => {
    const world = await new GroupWorld({ standbys: { b: 1, c: 2 } }).start();
    world.node('a').kill();
    await world.clock.advance(2_000);
    await world.done(world.cache.close());
    expect(world.clock.pendingTimers).toBe(0);
    for (const name of ['a', 'b', 'c']) expect(world.node(name).openConnections).toBe(0);
  });

  it('lets a group go, and lets another come, by setNodes', async () => {
    const world = await new GroupWorld({ handoff: { windowMs: 1_000 } }).start();
    await world.done(world.cache.setNodes(['memory://x']));
    await world.clock.advance(20_000);
    expect(world.cache.nodes().map(({ name, group }) => [name, group])).toEqual([['x', undefined]]);
    for (const name of ['a', 'b']) expect(world.node(name).openConnections).toBe(0);
    await world.done(
      world.cache.setNodes([
        'memory://x',
        { url: 'memory://p', group: 'h', role: 'primary' },
        { url: 'memory://q', group: 'h', role: 'standby' },
      ]),
    );
    await world.done(world.cache.failover('q'));
    expect(world.cache.nodes().find(({ name }) => name === 'h')?.group?.active).toBe('q');
  });
});
