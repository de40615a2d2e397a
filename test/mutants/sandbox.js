/** A copy of the source and its tests in which faults are planted, one at a time; the real ones are never touched. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const COPIED = ['src', 'test', 'package.json', 'tsconfig.json'];
/** A test that does not come to an end has noticed, too. */
const LONGEST_MS = 150_000;
const NO_REPORT = '{"testResults":[]}';

export class Sandbox {
  #folder;
  /** Rows that pass without a fault. */
  #passing = new Map();

  static async create(root) {
    const sandbox = new Sandbox();
    const folder = await mkdtemp(join(tmpdir(), 'ringfence-mutants-'));
    sandbox.#folder = folder;
    for (const name of COPIED) await cp(join(root, name), join(folder, name), { recursive: true });
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
    return sandbox;
  }

  remove() {
    return rm(this.#folder, { recursive: true, force: true });
  }

  /** Why the fault cannot be planted; `undefined` if it can. */
  fit({ edits }) {
    for (const { file, from, to } of edits) {
      const count = readFileSync(join(this.#folder, file), 'utf8').split(from).length - 1;
      if (count !== 1) return `occurs ${count} times in ${file}: ${from.slice(0, 60)}`;
      if (from === to) return 'changes nothing';
    }
    return undefined;
  }

  /** Plants the fault; what is answered takes it back. */
  #plant({ edits }) {
    const originals = new Map();
    for (const { file, from, to } of edits) {
      const path = join(this.#folder, file);
      const text = readFileSync(path, 'utf8');
      if (!originals.has(path)) originals.set(path, text);
      writeFileSync(
        path,
        text.replace(from, () => to),
      );
    }
    return () => {
      for (const [path, text] of originals) writeFileSync(path, text);
    };
  }

  /** @returns {Promise<{ result: 'caught' | 'missed' | 'broken' | 'fails', test?: string, why?: string }>} */
  async prove({ row, files, mutant }) {
    const broken = this.fit(mutant);
    if (broken !== undefined) return { result: 'broken', why: broken };
    let whole = this.#passing.get(row);
    if (whole === undefined) this.#passing.set(row, (whole = await this.#run(row, files)));
    const [first] = whole.failed;
    if (first !== undefined) return { result: 'fails', test: first.title, why: `without a fault: ${first.why}` };
    if (whole.passed.length === 0) return { result: 'broken', why: 'no test was run without a fault' };
    const takeBack = this.#plant(mutant);
    try {
      const { failed, passed, isOver } = await this.#run(row, files);
      if (!isOver) return { result: 'caught', test: whole.passed[0], why: 'the tests did not end' };
      const [noticed] = failed;
      if (noticed !== undefined) return { result: 'caught', test: noticed.title, why: noticed.why };
      if (passed.length === 0) return { result: 'broken', test: whole.passed[0], why: 'no test could be run' };
      return { result: 'missed', test: whole.passed[0] };
    } finally {
      takeBack();
    }
  }

  async #run(row, files) {
    const report = join(this.#folder, 'report.json');
    writeFileSync(report, NO_REPORT);
    const { CI: _, ...environment } = process.env;
    const child = spawn(
      process.execPath,
      [
        'node_modules/vitest/vitest.mjs',
        'run',
        '--config',
        'test/vitest.config.ts',
        ...files,
        '-t',
        `(^| )${row} `,
        '--maxWorkers=1',
        '--reporter=json',
        `--outputFile=${report}`,
      ],
      { cwd: this.#folder, env: environment, stdio: 'ignore', detached: true },
    );
    const limit = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), LONGEST_MS);
    const [code] = await once(child, 'exit');
    clearTimeout(limit);
    if (code === null) return { failed: [], passed: [], isOver: false };
    const results = JSON.parse(readFileSync(report, 'utf8')).testResults.flatMap(
      ({ assertionResults }) => assertionResults,
    );
    const failed = results
      .filter(({ status }) => status === 'failed')
      .map(({ title, failureMessages }) => ({ title, why: firstLine(failureMessages[0] ?? '') }));
    const passed = results.filter(({ status }) => status === 'passed').map(({ title }) => title);
    return { failed, passed, isOver: true };
  }
}

function firstLine(text) {
  return text.split('\n')[0].slice(0, 160);
}
