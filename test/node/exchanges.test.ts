/** What a lost connection says of the node. */

import { describe, expect, it } from 'vitest';
import { TimeoutError } from '../../src/errors.js';
import { type AttemptSink, DeleteAttempt } from '../../src/node/attempts.js';
import { Breaker } from '../../src/node/breaker.js';
import { Exchanges } from '../../src/node/exchanges.js';
import { HandClock } from './hand-clock.js';

const SINK: AttemptSink<boolean> = {
  answered: () => undefined,
  failed: () => undefined,
  answeredLate: () => undefined,
  failedLate: () => undefined,
};

function start() {
  const clock = new HandClock();
  const breaker = new Breaker({ consecutiveFailures: 100, openMs: 1_000 }, { clock, random: () => 0.5 });
  const node = { name: 'a', slot: 0, failures: 0, failed: () => undefined };
  const exchanges = new Exchanges(node, 'interactive', breaker, undefined, undefined);
  let owed = 0;
  /** Sends one operation that may take `timeoutMs`. */
  const send = (timeoutMs = 200): void => {
    expect(breaker.tryAcquire()).toBe(true);
    const operation = new DeleteAttempt(node, { key: 'k', hash: 1, timeoutMs, sink: SINK });
    exchanges.begin({ operations: [operation], startedAt: clock.now() }, 'id', owed++, clock.now());
  };
  const expire = (): void => exchanges.expire(clock.now(), (ms) => new TimeoutError('late', ms, true), 0, 0, 0);
  return { clock, breaker, exchanges, send, expire };
}

describe('a lost connection', () => {
  it('is one failure, however many exchanges were open', () => {
    const { clock, breaker, exchanges, send } = start();
    for (let i = 0; i < 3; i++) send();
    clock.at += 10;
    exchanges.lost(clock.now());
    expect(breaker.stats().failures).toBe(1);
  });

  it('is none on top of timeouts that have been counted', () => {
    const { clock, breaker, exchanges, send, expire } = start();
    for (let i = 0; i < 3; i++) send();
    clock.at += 200;
    expire();
    expect(breaker.stats().failures).toBe(3);
    clock.at += 200;
    exchanges.lost(clock.now());
    expect(breaker.stats().failures).toBe(3);
  });

  it('reports the probe it carried, whatever was sent before it', () => {
    const { clock, breaker, exchanges, send } = start();
    send(60_000);
    for (let i = 0; i < 100; i++) breaker.onFailure();
    expect(breaker.state).toBe('open');
    clock.at += 1_500;
    send();
    expect(breaker.state).toBe('half-open');
    clock.at += 10;
    exchanges.lost(clock.now());
    expect(breaker.state).toBe('open');
  });
});
