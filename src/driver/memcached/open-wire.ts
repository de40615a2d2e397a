/** Opens a socket to a node, look-up, TCP and TLS under one signal; whatever fails, no socket is left behind. */

import {
  isIP,
  type LookupFunction,
  type OnReadOpts,
  Socket,
  type SocketConnectOpts,
  type SocketConstructorOpts,
} from 'node:net';
import { connect as connectTls } from 'node:tls';
import { nameLookup } from '../../base/name-lookup.js';
import { NodeError } from '../../errors.js';
import type { Address, TlsOptions } from '../driver.js';
import { linkError, optionsError, whereIs } from './link-errors.js';
import { Wire } from './wire.js';

export interface WireOptions {
  readonly address: Address;
  readonly tls?: TlsOptions | undefined;
  /** Whether an open, idle connection lets the process end. @default false */
  readonly unref?: boolean | undefined;
  /** Replaces the system's name look-up. */
  readonly lookup?: LookupFunction | undefined;
}

const KEEP_ALIVE_MS = 10_000;
const READ_BUFFER_BYTES = 64 * 1024;

/**
 * `isRead` says who reads: `true` for `Wire.attach`, which on plain TCP reads into one buffer again and again; `false` for
 * a caller that iterates over `wire.stream` at its own pace.
 */
export function openWire(options: WireOptions, signal: AbortSignal, isRead = true): Promise<Wire> {
  const { address, tls } = options;
  const where = whereIs(address);
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(new NodeError('unreachable', 'the connect deadline had passed before it began'));
      return;
    }
    const wire = new Wire(where);
    const raw = new Socket(isRead && tls === undefined ? readingOptions(wire) : {});
    try {
      raw.connect(tcpOptions(options));
    } catch (cause) {
      // A port that is none: thrown when the socket has its handle already.
      raw.destroy();
      reject(optionsError(cause));
      return;
    }
    let stream: Socket = raw;
    let why = `${where} did not accept a connection in time`;
    const fail = (error: NodeError): void => {
      signal.removeEventListener('abort', onAbort);
      stream.destroy();
      raw.destroy();
      reject(error);
    };
    const onAbort = (): void => fail(new NodeError('unreachable', why, { cause: signal.reason }));
    const onError = (cause: Error): void => fail(linkError(cause, where, stream !== raw));
    const onClose = (): void => fail(new NodeError('lost', `${where} closed the connection during the handshake`));
    const onOpen = (): void => {
      signal.removeEventListener('abort', onAbort);
      for (const socket of [raw, stream]) socket.removeListener('error', onError).removeListener('close', onClose);
      raw.setNoDelay(true);
      raw.setKeepAlive(true, KEEP_ALIVE_MS);
      if (options.unref === true) raw.unref();
      wire.open(raw, stream);
      resolve(wire);
    };
    // A socket's error that comes after its end, or that reaches us through the TLS socket too, must not end the process.
    raw.on('error', () => undefined);
    signal.addEventListener('abort', onAbort, { once: true });
    raw.once('error', onError);
    raw.once('close', onClose);
    raw.once('connect', () => {
      if (tls === undefined) {
        onOpen();
        return;
      }
      why = `${where} accepted the connection but did not finish the TLS handshake in time (no TLS on this port?)`;
      try {
        stream = connectTls(tlsOptions(raw, address, tls));
      } catch (cause) {
        // A certificate or key that is none: it throws here, inside an event, where nobody could catch it.
        fail(optionsError(cause));
        return;
      }
      stream.on('error', () => undefined);
      stream.once('error', onError);
      stream.once('close', onClose);
      stream.once('secureConnect', onOpen);
    });
  });
}

/** What a new socket takes, though its types know it of `connect` alone. */
function readingOptions(reader: Wire): SocketConstructorOpts & { readonly onread: OnReadOpts } {
  return { onread: reader.readInto(Buffer.allocUnsafeSlow(READ_BUFFER_BYTES)) };
}

function tcpOptions({ address, lookup }: WireOptions): SocketConnectOpts {
  if (address.path !== undefined) return { path: address.path };
  return { host: address.host, port: address.port, lookup: lookup ?? nameLookup.look };
}

function tlsOptions(socket: Socket, address: Address, tls: TlsOptions) {
  const { ca, cert, key } = tls;
  return {
    socket,
    // The name the certificate must bear. SNI takes no IP address; the certificate is then checked against `host`.
    host: address.host,
    servername: tls.servername ?? (isIP(address.host) === 0 ? address.host : ''),
    rejectUnauthorized: tls.insecureSkipVerify !== true,
    minVersion: 'TLSv1.2' as const,
    ...(ca === undefined ? {} : { ca: Array.isArray(ca) ? [...ca] : (ca as string | Buffer) }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}
