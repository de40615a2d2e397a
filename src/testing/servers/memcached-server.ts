/**
 * A real memcached for tests, on a free loopback port.
 */

import { userInfo } from 'node:os';
import { askOnce } from './ask-once.js';
import { findBinary } from './binary.js';
import { borrowServer, canBorrow } from './borrowed-server.js';
import { type CertificateOptions, createCertificate } from './certificate.js';
import { LOOPBACK } from './free-port.js';
import { type SaslUser, startSaslAuthority } from './sasl-authority.js';
import { makeServerDirectory, ServerProcess } from './server-process.js';
import type { TestServer } from './test-server.js';

export interface MemcachedServerOptions {
  /** @default a free port */
  readonly port?: number | undefined;
  /** More arguments, such as `-c 60` as two words. */
  readonly args?: readonly string[] | undefined;
  /** Serves TLS, and nothing but TLS, with a certificate that is its own authority. */
  readonly tls?: boolean | Pick<CertificateOptions, 'names'> | undefined;
  /** Serves this user alone, over the binary protocol alone, as SASL has it. */
  readonly sasl?: SaslUser | undefined;
}

export async function startMemcached(options: MemcachedServerOptions = {}): Promise<TestServer> {
  if (findBinary('memcached') === undefined && canBorrow('memcached'))
    return borrowServer('memcached', isPlain(options));
  const { args = [], tls, sasl } = options;
  const directory = await makeServerDirectory('memcached');
  const names = typeof tls === 'object' ? tls.names : undefined;
  const certificate = tls ? await createCertificate({ directory, names }) : undefined;
  const authority = sasl && (await startSaslAuthority(directory, sasl));
  const encryption =
    certificate === undefined
      ? []
      : ['-Z', '-o', `ssl_chain_cert=${certificate.certFile}`, '-o', `ssl_key=${certificate.keyFile}`];
  const authentication = sasl === undefined ? [] : ['-S', '-B', 'binary'];
  const isText = sasl === undefined && !args.some((word) => word === '-S' || word === '-Y');

  return ServerProcess.start({
    kind: 'memcached',
    binary: 'memcached',
    port: options.port,
    directory,
    certificate,
    environment: authority?.environment,
    url: (port) => urlOf(port, tls !== undefined && tls !== false, sasl),
    args: (port) =>
      ['-l', LOOPBACK, '-p', `${port}`, '-U', '0', '-u', userInfo().username].concat(encryption, authentication, args),
    answers: async (port, pid) => {
      const target = { host: LOOPBACK, port, tls: certificate !== undefined };
      // A server that wants to know us first tells no pid: that it takes the connection must do.
      if (!isText) return (await askOnce(target, '', () => true)) !== undefined;
      const answer = await askOnce(
        target,
        'stats\r\n',
        (text) => text.includes('\r\nEND\r\n') || text.includes('ERROR'),
      );
      return answer?.includes(`STAT pid ${pid}\r\n`) ?? false;
    },
    ...(authority && { release: () => authority.close() }),
  });
}

function urlOf(port: number, isTls: boolean, sasl: SaslUser | undefined): string {
  if (sasl === undefined) return `${isTls ? 'memcacheds' : 'memcached'}://${LOOPBACK}:${port}`;
  const user = `${encodeURIComponent(sasl.username)}:${encodeURIComponent(sasl.password)}`;
  return `memcached+sasl://${user}@${LOOPBACK}:${port}`;
}

/** Whether any server of this kind would do. */
function isPlain(options: MemcachedServerOptions): boolean {
  return Object.values(options).every((value) => value === undefined || value === false);
}
