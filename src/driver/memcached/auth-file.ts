/** The authentication of `memcached -Y`: a `set` whose value is "user password", before anything else. */

import { NodeError } from '../../errors.js';
import type { Credentials } from '../driver.js';

export const ACCEPTED = 'STORED';

/** The request without its last line break, one byte a character. */
export function authRequest({ username = '', password }: Credentials): string {
  if (/[\s:]/.test(username) || /[\r\n]/.test(password))
    throw new NodeError(
      'auth',
      'an auth file of memcached has no user name with blanks or colons, no password with line breaks',
    );
  const pair = Buffer.from(`${username} ${password}`, 'utf8').latin1Slice();
  return `set auth 0 0 ${pair.length}\r\n${pair}`;
}
