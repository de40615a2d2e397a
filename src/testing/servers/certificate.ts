/**
 * Self-signed certificates for servers under test, made by the `openssl` command.
 */

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { requireBinary } from './binary.js';

export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  /** The certificate itself, which is its own authority: what a client passes as `ca`. */
  readonly ca: string;
}

export interface CertificateOptions {
  /** Where the files go. */
  readonly directory: string;
  /** Names and addresses it is good for. @default ['localhost', '127.0.0.1'] */
  readonly names?: readonly string[] | undefined;
}

const DEFAULT_NAMES = ['localhost', '127.0.0.1'];
const VALID_DAYS = '2';

export async function createCertificate({
  directory,
  names = DEFAULT_NAMES,
}: CertificateOptions): Promise<Certificate> {
  const certFile = join(directory, 'cert.pem');
  const keyFile = join(directory, 'key.pem');
  const alternatives = names.map((name) => (isIP(name) === 0 ? `DNS:${name}` : `IP:${name}`)).join(',');
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const subject = ['-subj', `/CN=${names[0] ?? 'localhost'}`, '-addext', `subjectAltName=${alternatives}`];
  const output = ['-days', VALID_DAYS, '-keyout', keyFile, '-out', certFile];
  await promisify(execFile)(requireBinary('openssl'), [...request, ...subject, ...output]);
  return { certFile, keyFile, ca: await readFile(certFile, 'utf8') };
}
