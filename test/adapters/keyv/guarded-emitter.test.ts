/** Events in which nobody's mistake reaches anybody else. */

import { describe, expect, it, vi } from 'vitest';
import { GuardedEmitter } from '../../../src/adapters/keyv/guarded-emitter.js';
import { KeyvRingfence } from '../../../src/keyv.js';

describe('a guarded emitter', () => {
  it('tells all listeners, whatever some of them throw or reject with, and throws nothing for an error unheard', () => {
    const events = new GuardedEmitter();
    expect(events.emit('error', new Error('unheard'))).toBe(false);
    const heard = vi.fn();
    events.on('error', () => {
      throw new Error('a mistake');
    });
    events.on('error', () => Promise.reject(new Error('a later mistake')));
    events.on('error', heard);
    expect(events.emit('error', 1, 2)).toBe(true);
    expect(heard).toHaveBeenCalledExactlyOnceWith(1, 2);
  });

  it('tells a listener of once one time, and one that was taken off not at all', () => {
    const events = new GuardedEmitter();
    const [once, off] = [vi.fn(), vi.fn()];
    events.once('e', once);
    events.on('e', off);
    events.off('e', off);
    expect([events.emit('e'), events.emit('e')]).toEqual([true, false]);
    expect([once.mock.calls.length, off.mock.calls.length]).toEqual([1, 0]);
  });
});

describe('the events of an adapter', () => {
  it('are those of any emitter', async () => {
    const adapter = new KeyvRingfence();
    const order: string[] = [];
    const add = (name: string) => (): number => order.push(name);
    const kept = add('on');
    adapter.on('e', kept).addListener('e', kept).once('e', add('once'));
    adapter.prependListener('e', add('first')).prependOnceListener('e', add('before all'));
    expect(adapter.emit('e')).toBe(true);
    expect(order.splice(0)).toEqual(['before all', 'first', 'on', 'on', 'once']);
    adapter.off('e', kept).removeListener('e', kept);
    adapter.emit('e');
    expect(order).toEqual(['first']);
    expect([adapter.listenerCount('e'), adapter.eventNames()]).toEqual([1, ['e']]);
    expect([adapter.listeners('e').length, adapter.rawListeners('e').length]).toEqual([1, 1]);
    adapter.on('f', kept).removeAllListeners('e');
    expect(adapter.eventNames()).toEqual(['f']);
    expect(adapter.removeAllListeners().eventNames()).toEqual([]);
    await adapter.disconnect();
  });
});
