/** One call of a client by name, in each of the ways ioredis knows, and how it ended in a form that can be compared. */

import type { Argument } from './oracle-arguments.js';

/** Any client with the surface of ioredis: methods are looked up by name. */
export type Client = object;

export type Way = 'promise' | 'callback' | 'buffer' | 'array' | 'buffer keys' | 'call' | 'upper case';

export const WAYS: readonly Way[] = ['promise', 'callback', 'buffer', 'array', 'buffer keys', 'call', 'upper case'];

export interface Call {
  readonly command: string;
  readonly args: readonly Argument[];
}

export type Outcome = { readonly value: unknown } | { readonly error: string; readonly message: string };

export function invoke(target: Client, method: string, args: readonly unknown[]): unknown {
  const found: unknown = Reflect.get(target, method);
  if (typeof found !== 'function') throw new Error(`there is no method ${method}`);
  return Reflect.apply(found, target, args);
}

/** Issues it before it returns, so that calls made in a row are un-awaited. */
export function settle(target: Client, call: Call, way: Way = 'promise'): Promise<Outcome> {
  return new Promise((resolve) => {
    const fail = (error: unknown) => resolve(failure(error));
    try {
      if (way === 'callback') {
        invoke(target, call.command, [
          ...call.args,
          (error: unknown, value: unknown) => (error ? fail(error) : resolve({ value })),
        ]);
        return;
      }
      Promise.resolve(invokeIn(target, call, way)).then((value) => resolve({ value }), fail);
    } catch (error) {
      fail(error);
    }
  });
}

function invokeIn(target: Client, { command, args }: Call, way: Way): unknown {
  if (way === 'buffer') return invoke(target, `${command}Buffer`, args);
  if (way === 'array') return invoke(target, command, [args]);
  if (way === 'call') return invoke(target, 'call', [command, ...args]);
  if (way === 'upper case') return invoke(target, 'callBuffer', [command.toUpperCase(), ...args]);
  if (way === 'buffer keys') return invoke(target, command, args.map(toBuffer));
  return invoke(target, command, args);
}

const toBuffer = (arg: Argument): Argument => (typeof arg === 'number' ? arg : Buffer.from(arg));

export function failure(error: unknown): Outcome {
  if (!(error instanceof Error)) return { error: 'thrown', message: String(error) };
  return { error: error.name, message: error.message };
}

export interface Comparison {
  /** The order of what it answers is the server's own. */
  readonly isUnordered: boolean;
  /** What it answers differs from call to call: only its shape is compared. */
  readonly isRandom: boolean;
}

/** Values that equal each other exactly when the outcomes are the same to a caller. */
export function comparable(value: unknown, how: Comparison): unknown {
  if (how.isRandom) return shapeOf(value);
  return plain(value, how.isUnordered);
}

function plain(value: unknown, isUnordered: boolean): unknown {
  if (Buffer.isBuffer(value)) return `bytes ${value.toString('latin1')}`;
  if (value instanceof Error) return failure(value);
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => plain(item, isUnordered));
    return isUnordered ? items.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : items;
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item, isUnordered)]));
  }
  return value;
}

function shapeOf(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return 'bytes';
  if (Array.isArray(value)) return value.map(shapeOf);
  if (value instanceof Error) return failure(value);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, shapeOf(item)]));
  }
  return value === null ? null : typeof value;
}
