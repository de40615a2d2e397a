import { describe, expect, it } from 'vitest';
import { Breaker } from '../../src/node/breaker.js';
import { type BreakerChange, BreakerRegistry } from '../../src/node/breaker-registry.js';
import { HandClock } from './hand-clock.js';

function setUp() {
  const clock = new HandClock();
  const registry = new BreakerRegistry();
  const news: BreakerChange[] = [];
  registry.onChange = (change) => news.push(change);
  const make = () => new Breaker({}, { clock, random: () => 0.5 });
  return { registry, news, make };
}

describe('a registry of breakers', () => {
  it('shows each by name and all in the order added', () => {
    const { registry, make } = setUp();
    const [a, b] = [make(), make()];
    registry.add('b', b);
    registry.add('a', a);
    expect(registry.get('a')).toBe(a);
    expect(registry.get('c')).toBeUndefined();
    expect(registry.all().map(([name]) => name)).toEqual(['b', 'a']);
    a.onFailure(2);
    expect(registry.stats()).toMatchObject({ a: { failures: 2, state: 'closed' }, b: { failures: 0 } });
  });

  it('tells of the changes of all, after the owner of each was told', () => {
    const { registry, news, make } = setUp();
    const breaker = make();
    const heard: string[] = [];
    breaker.onChange = (_from, to) => heard.push(`owner: ${to}, registry knows ${news.length}`);
    registry.add('n1', breaker);
    breaker.onFailure(5);
    expect(heard).toEqual(['owner: open, registry knows 0']);
    expect(news).toEqual([{ name: 'n1', from: 'closed', to: 'open', reason: 'consecutive-failures' }]);
  });

  it('hears of a change whose owner throws', () => {
    const { registry, news, make } = setUp();
    const breaker = make();
    breaker.onChange = () => {
      throw new Error('owner');
    };
    registry.add('n1', breaker);
    breaker.forceOpen();
    expect(news).toHaveLength(1);
  });

  it('is silent about a breaker that was deleted or replaced', () => {
    const { registry, news, make } = setUp();
    const [old, young] = [make(), make()];
    registry.add('n1', old);
    registry.add('n1', young);
    old.forceOpen();
    expect(old.onChange).toBeUndefined();
    expect(registry.delete('n1')).toBe(true);
    expect(registry.delete('n1')).toBe(false);
    young.forceOpen();
    expect(news).toEqual([]);
  });
});
