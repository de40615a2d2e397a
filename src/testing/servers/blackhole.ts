/**
 * A port where connecting neither succeeds nor fails, as behind a firewall that drops packets, without any privilege:
 * a listener with the shortest backlog that is stopped and whose backlog is full, so that the kernel ignores every SYN.
 * Works on Linux.
 */

import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { startRedis } from './redis-server.js';

export interface Blackhole {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

const MOST_FILLERS = 32;
/** On loopback a connection that can be made is made in well under a millisecond. */
const FULL_AFTER_MS = 150;

export async function startBlackhole(): Promise<Blackhole> {
  const server = await startRedis({ args: ['--tcp-backlog', '1'] });
  const { host, port } = server;
  const fillers: Socket[] = [];
  const close = async () => {
    for (const socket of fillers) socket.destroy();
    await server.stop();
  };
  await server.pause();
  while (fillers.length < MOST_FILLERS) {
    const socket = connect(port, host);
    socket.on('error', () => undefined);
    fillers.push(socket);
    const isConnected = new Promise<boolean>((resolve) => socket.once('connect', () => resolve(true)));
    if (!(await Promise.race([isConnected, sleep(FULL_AFTER_MS, false)]))) return { host, port, close };
  }
  await close();
  throw new Error(`the backlog of port ${port} took ${MOST_FILLERS} connections and was not full`);
}
