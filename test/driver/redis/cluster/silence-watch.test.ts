import { describe, expect, it } from 'vitest';
import { SilenceWatch } from '../../../../src/driver/redis/cluster/silence-watch.js';
import { BlockedClock } from '../../../support/blocked-clock.js';

const SILENT_MS = 400;

function watched() {
  const clock = new BlockedClock();
  const lost: string[] = [];
  const connection = { owed: 1, bytesRead: 0, lose: ({ message }: Error) => void lost.push(message) };
  const server = { address: { host: '127.0.0.1', port: 7_000 }, connection };
  const watch = new SilenceWatch(clock, SILENT_MS, () => [server]);
  watch.watch();
  /** Looks as often as it does, the loop blocked for `blockedMs` between each timer and its look. */
  const pass = async (ms: number, blockedMs = 0): Promise<void> => {
    for (let left = ms; left > 0; left -= SILENT_MS / 8) {
      await clock.advance(SILENT_MS / 8);
      clock.block(blockedMs);
      clock.runSoon();
    }
  };
  return { connection, lost, pass, watch };
}

describe('a server of a cluster that owes replies', () => {
  it('is given up once it sent nothing for so long, and not while anything comes', async () => {
    const { connection, lost, pass, watch } = watched();
    await pass(SILENT_MS);
    connection.bytesRead = 1;
    await pass(SILENT_MS);
    expect(lost).toEqual([]);
    await pass(SILENT_MS / 8);
    expect(lost).toEqual(['127.0.0.1:7000 owed replies and sent nothing for 400 ms']);
    watch.stop();
  });

  it('is not given up for what blocked our own event loop between the timer and the look', async () => {
    const { connection, lost, pass, watch } = watched();
    await pass(SILENT_MS / 2);
    // What came meanwhile is read behind the look, if it was not late itself.
    await pass(SILENT_MS / 8, 10 * SILENT_MS);
    await pass(SILENT_MS / 4);
    expect(lost).toEqual([]);
    connection.bytesRead = 1;
    await pass(SILENT_MS);
    expect(lost).toEqual([]);
    await pass(SILENT_MS / 8);
    expect(lost).toHaveLength(1);
    watch.stop();
  });

  it.each([2, 1])('is given up all the same by a process that is late at one look of %i', async (every) => {
    const { lost, pass, watch } = watched();
    for (let i = 0; i < 8; i++) await pass(SILENT_MS / 8, i % every === 0 ? SILENT_MS : 0);
    expect(lost).toEqual([]);
    await pass(SILENT_MS / 8, SILENT_MS);
    expect(lost).toHaveLength(1);
    watch.stop();
  });
});
