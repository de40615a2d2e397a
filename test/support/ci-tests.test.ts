import { describe, expect, it } from 'vitest';
import { type Report, runTests } from './ci-tests.js';

/** Files by what became of their tests: one letter each, `p` for passed; `!` is a failure outside the tests. */
function reportOf(files: Record<string, string>): Report {
  const testResults = Object.entries(files).map(([name, letters]) => ({
    name,
    status: /^p*$/.test(letters) ? 'passed' : 'failed',
    assertionResults: [...letters.replace('!', '')].map((letter) => ({ status: letter === 'p' ? 'passed' : 'failed' })),
  }));
  return { testResults };
}

/** Plays runs as told, one after the other. */
function run(...runs: (Record<string, string> | 'no report' | 'error outside')[]) {
  const played: (readonly string[])[] = [];
  const said: string[] = [];
  const counts = runTests(
    (files) => {
      const outcome = runs[played.push(files) - 1];
      if (outcome === undefined) throw new Error('played too often');
      if (outcome === 'no report') return { code: 1, report: undefined };
      if (outcome === 'error outside') return { code: 1, report: reportOf({ a: 'pp' }) };
      const report = reportOf(outcome);
      return { code: report.testResults.every(({ status }) => status === 'passed') ? 0 : 1, report };
    },
    (line) => said.push(line),
  );
  return { ...counts, played, said };
}

describe('the tests of CI', () => {
  it('are played once where all pass', () => {
    expect(run({ a: 'pp', b: 'p' })).toEqual({ passed: 3, failed: 0, played: [[]], said: [] });
  });

  it('are played once more, alone and told of, where a file failed', () => {
    const outcome = run({ a: 'pp', b: 'pf', c: 'p!' }, { b: 'pp', c: 'p' });
    expect(outcome).toMatchObject({ passed: 5, failed: 0, played: [[], ['b', 'c']] });
    expect(outcome.said.at(-1)).toMatch(/^UNSTEADY: .*b, .*c failed/);
  });

  it('fail where a file fails twice', () => {
    expect(run({ a: 'pp', b: 'pf' }, { b: 'pf' })).toMatchObject({ passed: 3, failed: 1 });
    expect(run({ a: 'pp', b: 'p!' }, { b: 'p!' })).toMatchObject({ passed: 3, failed: 1 });
    expect(run({ a: 'pp', b: 'pff' }, 'no report')).toMatchObject({ passed: 3, failed: 2 });
    expect(run({ b: 'pf' }, 'error outside')).toMatchObject({ failed: 1 });
  });

  it('fail at once where many files fail, or something outside every file', () => {
    expect(run({ a: 'f', b: 'f', c: 'f', d: 'fp' })).toMatchObject({ passed: 1, failed: 4, played: [[]] });
    expect(run('error outside')).toMatchObject({ passed: 2, failed: 1, played: [[]] });
    expect(run('no report')).toMatchObject({ passed: 0, failed: 1 });
  });
});
