/**
 * The tests as CI runs them. Many are about real servers and real time, on machines that others share: up to three files in
 * which something failed are played once more, with the machine to themselves, and both outcomes are told. What fails
 * there, too, has failed.
 *
 * Its last line is `PASSED FAILED`; it exits with 1 if something failed.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';

const MOST_PLAYED_AGAIN = 3;

/** The files of a report (vitest's JSON) in which something failed. */
export function failedFiles(report) {
  return report.testResults.filter(({ status }) => status !== 'passed').map(({ name }) => name);
}

/** Tests passed, and failures: of tests, and of files that failed outside their tests. */
export function countOf(report, isCounted = () => true) {
  let passed = 0;
  let failed = 0;
  for (const { status, assertionResults } of report.testResults.filter(({ name }) => isCounted(name))) {
    const failures = assertionResults.filter((test) => test.status === 'failed').length;
    passed += assertionResults.filter((test) => test.status === 'passed').length;
    failed += status === 'passed' ? 0 : Math.max(1, failures);
  }
  return { passed, failed };
}

/** `play(files)` runs these test files, all by default, and answers its exit code and report; `say` is told what goes on. */
export function runTests(play, say) {
  const first = play([]);
  if (first.report === undefined) return { passed: 0, failed: 1 };
  const files = failedFiles(first.report);
  const all = countOf(first.report);
  // Failures outside every file, such as unhandled errors, have no file to play again.
  if (first.code === 0 || files.length === 0) return { ...all, failed: all.failed + (first.code === 0 ? 0 : 1) };
  if (files.length > MOST_PLAYED_AGAIN) return all;
  const names = files.map((file) => relative(process.cwd(), file)).join(', ');
  say(`FAILED, and played once more by itself: ${names}`);
  const again = play(files);
  if (again.report === undefined) return all;
  const rest = countOf(first.report, (name) => !files.includes(name));
  const { passed, failed } = countOf(again.report);
  const left = failed === 0 && again.code !== 0 ? 1 : failed;
  say(left === 0 ? `UNSTEADY: ${names} failed among all tests and passed alone` : `${names} failed twice`);
  return { passed: rest.passed + passed, failed: rest.failed + left };
}

function playVitest(files) {
  const directory = mkdtempSync(join(tmpdir(), 'ringfence-ci-'));
  try {
    const outputFile = join(directory, 'report.json');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${outputFile}`];
    const { status } = spawnSync('npm', ['test', '--', ...reporters, ...files], { stdio: 'inherit' });
    const report = existsSync(outputFile) ? JSON.parse(readFileSync(outputFile, 'utf8')) : undefined;
    return { code: status ?? 1, report };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { passed, failed } = runTests(playVitest, (line) => console.log(`\n${line}\n`));
  console.log(`${passed} ${failed}`);
  process.exitCode = failed === 0 ? 0 : 1;
}
