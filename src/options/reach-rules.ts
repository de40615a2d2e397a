/** Rules for the options by which a server is reached: credentials and TLS. */

import type { CredentialsSource, TlsOptions } from '../driver/driver.js';
import { OptionError } from '../errors.js';

const CREDENTIAL_FIELDS = ['username', 'password'];
const TLS_FIELDS: readonly (keyof TlsOptions)[] = ['ca', 'cert', 'key', 'servername', 'insecureSkipVerify'];

/** Settings of TLS on a plaintext URL would promise what nobody keeps. */
export function checkTls(tls: TlsOptions, isTls: boolean, path: string): void {
  if (typeof tls !== 'object' || tls === null) throw new OptionError(path, 'must be an object');
  onlyKnown(tls, TLS_FIELDS, path);
  if (!isTls) throw new OptionError(path, 'needs a URL that begins with rediss://, rediss+ or memcacheds://');
}

/** Never shows what it got: it may be the secret. */
export function checkCredentials(credentials: CredentialsSource, path: string): void {
  if (typeof credentials === 'function') return;
  if (typeof credentials !== 'object' || credentials === null)
    throw new OptionError(path, 'must be { username, password } or a function that answers that');
  onlyKnown(credentials, CREDENTIAL_FIELDS, path);
  if (typeof credentials.password !== 'string') throw new OptionError(`${path}.password`, 'must be a string');
  const { username } = credentials;
  if (username !== undefined && typeof username !== 'string')
    throw new OptionError(`${path}.username`, 'must be a string');
}

export function onlyKnown(options: object, known: readonly string[], path: string): void {
  for (const field of Object.keys(options))
    if (!known.includes(field))
      throw new OptionError(`${path}.${field}`, `is not an option; the options are ${known.join(', ')}`);
}
