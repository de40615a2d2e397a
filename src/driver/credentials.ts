/**
 * Credentials that a caller's function tells at each connect. One that fails, takes too long, or tells no password makes
 * the node unreachable and not refused: it may well tell in a moment, and is then asked again.
 */

import { onAbort } from '../base/abort.js';
import { NodeError } from '../errors.js';
import type { Credentials, CredentialsSource } from './driver.js';

/** `where` names the node in errors. @throws NodeError `unreachable`, also when the signal aborts first */
export async function askCredentials(
  source: CredentialsSource | undefined,
  where: string,
  signal: AbortSignal,
): Promise<Credentials | undefined> {
  if (typeof source !== 'function') return source;
  const unreachable = (problem: string, cause?: unknown): NodeError =>
    new NodeError('unreachable', `the credentials for ${where} ${problem}`, { cause });
  if (signal.aborted) throw unreachable('were not told in time', signal.reason);
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = onAbort(signal, () => reject(unreachable('were not told in time', signal.reason)));
  });
  try {
    const told = await Promise.race([source(), aborted]);
    if (told === undefined || typeof told?.password === 'string') return told;
  } catch (cause) {
    throw cause instanceof NodeError ? cause : unreachable('could not be had', cause);
  } finally {
    stop();
  }
  throw unreachable('came without a password');
}
