/**
 * One question to a server over a connection of its own: sends `request`, answers with what came until `isEnough`,
 * `undefined` if the connection failed or nothing sufficed in time.
 */

import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export interface Target {
  readonly host: string;
  readonly port: number;
  readonly path?: string | undefined;
  readonly tls?: boolean | undefined;
}

/** More than a busy machine takes. */
const LIMIT_MS = 20_000;

export function askOnce(
  target: Target,
  request: string,
  isEnough: (answer: string) => boolean,
  limitMs = LIMIT_MS,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = open(target);
    let answer = '';
    const finish = (outcome: string | undefined) => {
      clearTimeout(limit);
      socket.destroy();
      resolve(outcome);
    };
    const limit = setTimeout(finish, limitMs, undefined);
    socket.setEncoding('latin1');
    socket.on('error', () => finish(undefined));
    socket.on('close', () => finish(isEnough(answer) ? answer : undefined));
    socket.on(target.tls ? 'secureConnect' : 'connect', () => {
      if (isEnough(answer)) finish(answer);
      else socket.write(request);
    });
    socket.on('data', (chunk: string) => {
      answer += chunk;
      if (isEnough(answer)) finish(answer);
    });
  });
}

function open({ host, port, path, tls }: Target): Socket {
  if (path !== undefined) return connectTcp(path);
  if (tls) return connectTls({ host, port, rejectUnauthorized: false });
  return connectTcp({ host, port, noDelay: true });
}
