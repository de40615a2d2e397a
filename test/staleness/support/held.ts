/** What a server itself holds under a key, asked past every cache. */

import { askOnce } from '../../../src/testing/servers/ask-once.js';
import type { TestServer } from '../../../src/testing/servers/test-server.js';
import { numberIn } from './values.js';

/** The number of the write whose value the server holds; `undefined` without one. */
export async function held(server: TestServer, key: string): Promise<number | undefined> {
  const isRedis = server.kind === 'redis';
  const request = isRedis ? `GET ${key}\r\nPING\r\n` : `mg ${key} v\r\nmn\r\n`;
  const end = isRedis ? '+PONG\r\n' : 'MN\r\n';
  const answer = await askOnce(server, request, (text) => text.endsWith(end));
  if (answer === undefined) throw new Error(`${server.url} does not answer`);
  return numberIn(answer);
}

/** Sends one command and answers what came back. */
export async function tell(server: TestServer, command: string, until: RegExp): Promise<string> {
  const answer = await askOnce(server, `${command}\r\n`, (text) => until.test(text));
  if (answer === undefined) throw new Error(`${server.url} did not answer ${command}`);
  return answer;
}
