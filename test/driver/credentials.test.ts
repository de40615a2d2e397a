/** Credentials told by a function, at every driver that takes them: whatever goes wrong is told, and worth another try. */

import type { LookupFunction } from 'node:net';
import { expect, it } from 'vitest';
import type { CredentialsSource, Driver } from '../../src/driver/driver.js';
import { createMetaDriver } from '../../src/driver/memcached/meta-driver.js';
import { createSaslDriver } from '../../src/driver/memcached/sasl-driver.js';
import { createRedisDriver } from '../../src/driver/redis/redis-driver.js';

type Create = (options: {
  address: { host: string; port: number };
  credentials: CredentialsSource;
  lookup?: LookupFunction;
}) => Driver;

const drivers: [string, Create][] = [
  ['redis', createRedisDriver],
  ['memcached', createMetaDriver],
  ['memcached with SASL', createSaslDriver],
];
/** Nobody is asked before the credentials are there. */
const address = { host: '127.0.0.1', port: 1 };

it.each(drivers)(
  '%s: credentials that cannot be had, are none, or take too long make a node unreachable',
  async (_, create) => {
    const connect = (credentials: CredentialsSource, ms = 20_000) =>
      create({ address, credentials }).connect({ signal: AbortSignal.timeout(ms) });
    const cause = new Error('the vault is sealed');
    const fails = [
      () => Promise.reject(cause),
      () => {
        throw cause;
      },
    ];
    for (const credentials of fails)
      await expect(connect(credentials)).rejects.toMatchObject({
        reason: 'unreachable',
        message: expect.stringMatching(/^the credentials for .* could not be had$/),
        cause,
      });
    for (const json of ['null', '{}', '{"password":5}', '"hunter2"'])
      await expect(connect(async () => JSON.parse(json))).rejects.toMatchObject({
        reason: 'unreachable',
        message: expect.stringMatching(/^the credentials for .* came without a password$/),
      });
    await expect(connect(() => new Promise(() => undefined), 20)).rejects.toMatchObject({
      reason: 'unreachable',
      message: expect.stringMatching(/^the credentials for .* were not told in time$/),
    });
  },
);

it.each(drivers)('%s: a connect given up in the very steps in which credentials are told ends', async (_, create) => {
  for (let steps = 0; steps < 6; steps++) {
    const abort = new AbortController();
    const connecting = create({
      address: { host: 'nowhere.test', port: 1 },
      credentials: { password: 'p' },
      lookup: () => undefined,
    }).connect({ signal: abort.signal });
    const ended = expect(connecting, `given up after ${steps} steps`).rejects.toMatchObject({ reason: 'unreachable' });
    for (let step = 0; step < steps; step++) await undefined;
    abort.abort();
    await ended;
  }
});
