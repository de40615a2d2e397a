/** Failures of the link, before and after a connection stands, as `NodeError`s. */

import { NodeError } from '../../errors.js';
import type { Address } from '../driver.js';

export function whereIs({ path, host, port }: Address): string {
  return path ?? `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Why a connection could not be opened. */
export function linkError(cause: Error, where: string, isTls: boolean): NodeError {
  // Several addresses were tried: the message of the whole is empty, each part tells its own.
  const first: unknown = cause instanceof AggregateError ? cause.errors[0] : cause;
  const code = first instanceof Error && 'code' in first ? String(first.code) : '';
  switch (code) {
    case 'ECONNREFUSED':
    case 'ENOENT':
      return new NodeError('refused', `nothing listens at ${where}`, { cause });
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new NodeError('unreachable', `the name of ${where} is not known (${code})`, { cause });
  }
  if (isTls) {
    const isForeign = code === 'EPROTO' || code === 'ECONNRESET' || code.startsWith('ERR_SSL');
    return new NodeError(
      'unreachable',
      isForeign
        ? `TLS failed with ${where}: ${code} (no TLS on this port?)`
        : `TLS failed with ${where}: ${cause.message}`,
      { cause },
    );
  }
  return new NodeError('unreachable', `cannot connect to ${where}: ${code === '' ? cause.message : code}`, { cause });
}

/** Node refused to try: the port, the certificate or the key is none. */
export function optionsError(cause: unknown): NodeError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return new NodeError('unreachable', `no connection can be made with these options (${code})`, { cause });
}
