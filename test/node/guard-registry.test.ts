import { describe, expect, it } from 'vitest';
import { bulkhead } from '../../src/node/bulkhead.js';
import { GuardRegistry } from '../../src/node/guard-registry.js';
import { rateLimiter } from '../../src/node/rate-limit.js';
import { HandClock } from './hand-clock.js';

describe('a registry of guards made on demand', () => {
  it('makes one a name and keeps it', () => {
    const clock = new HandClock();
    const tenants = new GuardRegistry((name) => rateLimiter({ limit: 1 }, { name, clock }));
    expect(tenants.get('a').tryTake()).toBe(true);
    expect(tenants.get('a').tryTake()).toBe(false);
    expect(tenants.get('b').tryTake()).toBe(true);
    expect(tenants.stats()).toMatchObject({ a: { passed: 1, refused: 1 }, b: { passed: 1, refused: 0 } });
    expect(tenants.get('b').name).toBe('b');
  });

  it('drops the one not asked for longest beyond its bound', () => {
    const slots = new GuardRegistry((name) => bulkhead({ maxInFlight: 1 }, { name }), { maxNames: 2 });
    const a = slots.get('a');
    slots.get('b');
    slots.get('a');
    slots.get('c');
    expect(slots.has('b')).toBe(false);
    expect(slots.get('a')).toBe(a);
    expect(slots.all()).toHaveLength(2);
  });

  it('stays within its bound under a flood of names', () => {
    const slots = new GuardRegistry((name) => bulkhead({}, { name }), { maxNames: 100 });
    for (let i = 0; i < 10_000; i++) slots.get(`name ${i}`);
    expect(slots.all()).toHaveLength(100);
    expect(slots.delete('name 9999')).toBe(true);
  });
});
