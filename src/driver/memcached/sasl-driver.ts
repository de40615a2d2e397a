/**
 * Opens connections to a memcached that demands SASL, which exists in the binary protocol alone.
 *
 * Of memjs only the codec is used. Its client hangs or answers wrongly where a connection is lost, closed or out of step,
 * and takes credentials from the environment; so each connection here is a generation of its own, under the same rules as
 * the meta protocol's, with no timer, no retry and no state that could outlive it. What this protocol cannot tell is not
 * offered: remaining time to live, hence compare-and-set; the list of keys and of connections; raw commands, but for the few
 * that those who share entries with other clients need (binary-raw.ts).
 */

import { NodeError } from '../../errors.js';
import { askCredentials } from '../credentials.js';
import type { Connection, ConnectOptions, Credentials, Driver } from '../driver.js';
import { OPCODE, type ResponseFrame } from './binary-frames.js';
import { limitsOf, shakeHands } from './handshake.js';
import { whereIs } from './link-errors.js';
import { clockOf, FRAME_ALLOWANCE_BYTES, type MemcachedOptions } from './memcached-options.js';
import { largestItem, nodeFacts } from './node-facts.js';
import { openWire } from './open-wire.js';
import { SaslConnection } from './sasl-connection.js';
import { maxTtlMs, ServerTime } from './server-time.js';
import { errorOfStatus } from './settle-binary.js';

const UNKNOWN_COMMAND = 0x81;

export function createSaslDriver(options: MemcachedOptions): Driver {
  return {
    kind: 'memcached+sasl',
    capabilities: {
      ttlResolutionMs: 1000,
      maxTtlMs: maxTtlMs(clockOf(options)),
      compareAndSet: false,
      enumeration: false,
      raw: options.isVerbatim === true,
    },
    connect: ({ signal }: ConnectOptions) => connect(options, signal),
  };
}

async function connect(options: MemcachedOptions, signal: AbortSignal): Promise<Connection> {
  const credentials = await askCredentials(options.credentials, whereIs(options.address), signal);
  const wire = await openWire(options, signal);
  const time = new ServerTime(clockOf(options));
  const connection = new SaslConnection(wire, time, FRAME_ALLOWANCE_BYTES, options.isVerbatim === true);
  await shakeHands(connection, wire.where, options, signal, async () => {
    if (credentials !== undefined) await authenticate(connection, credentials, options.isAuthOptional === true);
    await introduce(connection, time, options);
  });
  return connection;
}

/** SASL PLAIN. The password is in no error: what the server answers does not repeat it. */
async function authenticate(
  connection: SaslConnection,
  { username = '', password }: Credentials,
  isOptional: boolean,
): Promise<void> {
  const mechanisms = await ask(connection, OPCODE.listMechanisms, '', '');
  if (mechanisms.status === UNKNOWN_COMMAND && isOptional) return;
  if (mechanisms.status === UNKNOWN_COMMAND)
    throw new NodeError('auth', 'the server has no SASL: its scheme is memcached, not memcached+sasl');
  if (mechanisms.status !== 0) throw errorOfStatus(mechanisms.status, '');
  if (!mechanisms.text.split(' ').includes('PLAIN'))
    throw new NodeError('auth', 'the server does not offer the SASL mechanism PLAIN');
  const { status } = await ask(connection, OPCODE.authenticate, 'PLAIN', `\0${username}\0${password}`);
  if (status !== 0) throw new NodeError('auth', 'the server did not take the user name and password');
}

async function introduce(connection: SaslConnection, time: ServerTime, options: MemcachedOptions): Promise<void> {
  const facts = nodeFacts(await listStatistics(connection, ''));
  connection.incarnation = facts.incarnation;
  if (facts.time !== undefined) time.learn(facts.time);
  const limits = limitsOf(largestItem(await listStatistics(connection, 'settings')), options);
  connection.itemBytes = limits.itemBytes;
  connection.maxFrameBytes = limits.frameBytes;
  connection.maxValueBytes = limits.valueBytes;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

function ask(connection: SaslConnection, opcode: number, key: string, value: string): Promise<Answer> {
  return new Promise((resolve, fail) => {
    const take = ({ status, valueStart, end }: ResponseFrame, bytes: Buffer): boolean => {
      resolve({ status, text: bytes.utf8Slice(valueStart, end) });
      return true;
    };
    connection.exchange({ kind: 'exchange', opcode, take, fail }, key, Buffer.from(value, 'utf8'));
  });
}

/** One response for each entry, and an empty one that ends them. A server that keeps the section to itself tells nothing. */
function listStatistics(connection: SaslConnection, section: string): Promise<ReadonlyMap<string, string>> {
  return new Promise((resolve, fail) => {
    const found = new Map<string, string>();
    const take = ({ status, keyStart, valueStart, end }: ResponseFrame, bytes: Buffer): boolean => {
      if (status === 0 && valueStart > keyStart) {
        found.set(bytes.latin1Slice(keyStart, valueStart), bytes.latin1Slice(valueStart, end));
        return false;
      }
      const error = errorOfStatus(status, '');
      if (error instanceof NodeError && error.reason === 'auth') fail(error);
      else resolve(found);
      return true;
    };
    connection.exchange({ kind: 'exchange', opcode: OPCODE.stat, take, fail }, section, Buffer.alloc(0));
  });
}
