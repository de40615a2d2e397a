import { describe, expect, it } from 'vitest';
import { KeyLine } from '../../../src/adapters/memjs/key-line.js';
import type { Call } from '../../../src/calls/call-options.js';
import { FakeClock } from '../../../src/testing/fake-clock.js';

const CALL: Call = {
  totalMs: 100,
  lane: 'interactive',
  policy: 'all',
  signal: undefined,
  prefer: 'primary',
  asksNextOnMiss: true,
};

/** Work that begins when it is told to and ends when the test says so. */
class Works {
  readonly begun: string[] = [];
  readonly left: number[] = [];
  readonly #ends = new Map<string, (fails: boolean) => void>();

  of(name: string): (call: Call) => Promise<string> {
    return ({ totalMs }) => {
      this.begun.push(name);
      this.left.push(totalMs);
      return new Promise((resolve, reject) =>
        this.#ends.set(name, (fails) => (fails ? reject(new Error(name)) : resolve(name))),
      );
    };
  }

  async end(name: string, fails = false): Promise<void> {
    this.#ends.get(name)?.(fails);
    await new Promise(setImmediate);
  }
}

function begin(maxWaiting = 10) {
  const clock = new FakeClock();
  const works = new Works();
  return { clock, works, line: new KeyLine({ clock, call: CALL, maxWaiting, maxBytes: 100 }) };
}

describe('a line of calls upon one key', () => {
  it('lets writes follow one another at once, and reads too', () => {
    const { line, works } = begin();
    for (const name of ['w1', 'w2']) void line.write('k', works.of(name));
    for (const name of ['r1', 'r2']) void line.read('k', works.of(name));
    expect(works.begun).toEqual(['w1', 'w2', 'r1', 'r2']);
  });

  it('keeps a write behind the reads and counts under way, and all that comes behind it, but no other key', async () => {
    const { line, works } = begin();
    void line.read('k', works.of('r1'));
    const counted = line.count('k', works.of('c1')).catch(String);
    void line.write('k', works.of('w1'));
    void line.read('k', works.of('r2'));
    void line.write('other', works.of('w'));
    expect(works.begun).toEqual(['r1', 'w']);
    await works.end('r1');
    expect(works.begun).toEqual(['r1', 'w', 'c1']);
    await works.end('c1', true);
    expect(await counted).toBe('Error: c1');
    expect(works.begun).toEqual(['r1', 'w', 'c1', 'w1', 'r2']);
    void line.write('k', works.of('w2'));
    await works.end('r2');
    expect(works.begun.at(-1)).toBe('w2');
  });

  it('takes what a call has waited off its deadline, and fails one that is too late', async () => {
    const { line, works, clock } = begin();
    void line.read('k', works.of('r'));
    await clock.advance(30);
    void line.write('k', works.of('w1'));
    const late = line.write('k', works.of('w2'));
    await clock.advance(60);
    await works.end('r');
    expect(works.left).toEqual([100, 40, 40]);
    void line.read('k', works.of('r2'));
    const never = expect(line.write('k', works.of('w3'))).rejects.toMatchObject({ code: 'ERR_TIMEOUT', sent: false });
    await clock.advance(100);
    await works.end('r2');
    await never;
    await works.end('w2');
    expect(await late).toBe('w2');
  });

  it('takes a throw for a rejection, also of a call that has waited, and goes on', async () => {
    const { line, works } = begin();
    const broken = (): never => {
      throw new Error('broken');
    };
    await expect(line.write('k', broken)).rejects.toThrow('broken');
    await expect(line.read('k', broken)).rejects.toThrow('broken');
    void line.read('k', works.of('r'));
    const late = expect(line.write('k', broken)).rejects.toThrow('broken');
    void line.write('k', works.of('w'));
    let isIdle = false;
    void line.idle.then(() => {
      isIdle = true;
    });
    await new Promise(setImmediate);
    expect(isIdle).toBe(false);
    await works.end('r');
    await late;
    expect(works.begun).toEqual(['r', 'w']);
    expect(isIdle).toBe(true);
  });

  it('refuses more than may wait', async () => {
    const { line, works } = begin(1);
    void line.read('k', works.of('r'));
    void line.write('k', works.of('w'));
    await expect(line.write('k', works.of('x'))).rejects.toMatchObject({ code: 'ERR_BULKHEAD_FULL' });
    await works.end('r');
    expect(works.begun).toEqual(['r', 'w']);
  });

  it('refuses more bytes than may wait', async () => {
    const { line, works } = begin();
    void line.read('k', works.of('r'));
    void line.write('k', works.of('w'), 60);
    await expect(line.write('k', works.of('x'), 41)).rejects.toMatchObject({ code: 'ERR_BULKHEAD_FULL' });
    void line.write('k', works.of('y'), 40);
    await works.end('r');
    void line.read('k', works.of('r2'));
    void line.write('k', works.of('z'), 100);
    await works.end('r2');
    expect(works.begun).toEqual(['r', 'w', 'y', 'r2', 'z']);
  });
});
