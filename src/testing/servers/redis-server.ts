/**
 * A real redis-server for tests: empty, without persistence unless asked for, on a free loopback port.
 */

import { join } from 'node:path';
import { askOnce } from './ask-once.js';
import { findBinary } from './binary.js';
import { borrowServer, canBorrow } from './borrowed-server.js';
import { type CertificateOptions, createCertificate } from './certificate.js';
import { LOOPBACK } from './free-port.js';
import { makeServerDirectory, ServerProcess } from './server-process.js';
import type { TestServer } from './test-server.js';

export interface RedisServerOptions {
  /** @default a free port */
  readonly port?: number | undefined;
  /** More arguments, such as `--maxmemory 2mb` as two words; they win over ours. */
  readonly args?: readonly string[] | undefined;
  readonly password?: string | undefined;
  /** Serves TLS, and nothing but TLS, with a certificate that is its own authority. */
  readonly tls?: boolean | Pick<CertificateOptions, 'names'> | undefined;
  /** Serves a unix socket besides the port. */
  readonly unixSocket?: boolean | undefined;
}

const IN_MEMORY = ['--save', '', '--appendonly', 'no', '--loglevel', 'warning', '--daemonize', 'no'];
/** Refusals prove that it answers, too; only while it loads its data it is not ready. */
const READY = /process_id:(\d+)|-NOAUTH|-WRONGPASS|-NOPERM|-ERR/;

export async function startRedis(options: RedisServerOptions = {}): Promise<TestServer> {
  if (findBinary('redis-server') === undefined && canBorrow('redis')) return borrowServer('redis', isPlain(options));
  const { args = [], password, tls, unixSocket } = options;
  const directory = await makeServerDirectory('redis');
  const names = typeof tls === 'object' ? tls.names : undefined;
  const certificate = tls ? await createCertificate({ directory, names }) : undefined;
  const path = unixSocket ? join(directory, 'redis.sock') : undefined;
  const listening = (port: number) =>
    certificate === undefined
      ? ['--port', `${port}`]
      : [
          '--port',
          '0',
          '--tls-port',
          `${port}`,
          '--tls-auth-clients',
          'no',
          '--tls-ca-cert-file',
          certificate.certFile,
        ].concat(['--tls-cert-file', certificate.certFile, '--tls-key-file', certificate.keyFile]);
  const secret = password === undefined ? [] : ['--requirepass', password];
  const socket = path === undefined ? [] : ['--unixsocket', path];
  const question = `${password === undefined ? '' : `AUTH ${password}\r\n`}INFO server\r\n`;

  return ServerProcess.start({
    kind: 'redis',
    binary: 'redis-server',
    port: options.port,
    directory,
    path,
    certificate,
    url: (port) => `${tls ? 'rediss' : 'redis'}://${credentials(password)}${LOOPBACK}:${port}`,
    args: (port) =>
      [...listening(port), '--bind', LOOPBACK, '--dir', directory].concat(IN_MEMORY, secret, socket, args),
    answers: async (port, pid) => {
      const target = { host: LOOPBACK, port, tls: certificate !== undefined };
      const answer = await askOnce(target, question, (text) => READY.test(text));
      const answering = answer?.match(READY)?.[1];
      return answer !== undefined && (answering === undefined || Number(answering) === pid);
    },
  });
}

function credentials(password: string | undefined): string {
  return password === undefined ? '' : `:${encodeURIComponent(password)}@`;
}

/** Whether any server of this kind would do. */
function isPlain(options: RedisServerOptions): boolean {
  return Object.values(options).every((value) => value === undefined || value === false);
}
