/**
 * Answers memcached's question whether a user's password is right, in place of a saslauthd, which tests cannot expect to
 * be installed. The protocol is one exchange a connection on a unix socket: four strings (user, password, service,
 * realm), each after its length in 16 bits, answered by one such string that begins with OK or NO.
 */

import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';

export interface SaslUser {
  readonly username: string;
  readonly password: string;
}

export interface SaslAuthority {
  /** What memcached needs in its environment. */
  readonly environment: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

const STRINGS_ASKED = 4;

export async function startSaslAuthority(directory: string, user: SaslUser): Promise<SaslAuthority> {
  const path = join(directory, 'mux');
  const configuration = `pwcheck_method: saslauthd\nsaslauthd_path: ${path}\nmech_list: plain\n`;
  await writeFile(join(directory, 'memcached.conf'), configuration);
  const server = createServer((socket) => answer(socket, user));
  server.listen(path);
  await once(server, 'listening');
  server.unref();
  return {
    environment: { SASL_CONF_PATH: directory },
    close: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

function answer(socket: Socket, user: SaslUser): void {
  let received = Buffer.alloc(0);
  socket.unref();
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    const strings = stringsIn(received);
    if (strings.length < STRINGS_ASKED) return;
    const isRight = strings[0] === user.username && strings[1] === user.password;
    socket.end(Buffer.from(isRight ? '\0\x02OK' : '\0\x02NO', 'latin1'));
  });
}

function stringsIn(bytes: Buffer): string[] {
  const strings: string[] = [];
  let offset = 0;
  while (offset + 2 <= bytes.length) {
    const end = offset + 2 + bytes.readUInt16BE(offset);
    if (end > bytes.length) break;
    strings.push(bytes.toString('utf8', offset + 2, end));
    offset = end;
  }
  return strings;
}
