/**
 * Tests run in processes of their own, two at a time: many start real servers and measure time.
 */

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { SERVER_LOG_VARIABLE } from '../src/testing/servers/started-servers.js';
import { ServerCountReporter } from './support/server-count-reporter.js';
import { serverEnvironment } from './support/server-urls.js';

const serverLog = join(tmpdir(), `ringfence-started-${process.pid}.log`);

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    // Some rows are about real time, on machines that others share: in CI a test that fails has one more try, and says so.
    retry: process.env.CI === undefined ? 0 : 1,
    // Only what hangs should ever meet these: the longest take twenty seconds, and a busy machine is several times slower.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // What is waited for comes later on a busy machine; that it comes is what such a test is about.
    expect: { poll: { timeout: 30_000 } },
    setupFiles: ['test/support/leak-gate.ts'],
    reporters: ['default', new ServerCountReporter(serverLog)],
    env: { ...serverEnvironment(), [SERVER_LOG_VARIABLE]: serverLog },
  },
});
