/** What reaches the process uncaught while `work` runs: neither the test runner nor the leak gate hears of it. */
export async function uncaught(work: () => Promise<void>): Promise<unknown[]> {
  const others = process.listeners('uncaughtException');
  const monitors = process.listeners('uncaughtExceptionMonitor');
  const errors: unknown[] = [];
  process.removeAllListeners('uncaughtException').removeAllListeners('uncaughtExceptionMonitor');
  process.on('uncaughtException', (error) => errors.push(error));
  try {
    await work();
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const listener of others) process.on('uncaughtException', listener);
    for (const listener of monitors) process.on('uncaughtExceptionMonitor', listener);
  }
  return errors;
}
