/**
 * What follows key and value in a call of memjs: `(options)`, `(options, callback)`, or as before version 1
 * `(callback, expires, initial)`.
 */

export interface CallForm {
  /** `undefined` for a promise. */
  readonly callback: unknown;
  readonly expires: unknown;
  readonly initial: unknown;
  readonly isOld: boolean;
}

/** A number where the callback stands is the expiry of an old call that wants to hear nothing. */
export function formOf([first, second, third]: readonly unknown[]): CallForm {
  if (typeof first === 'function' || typeof second === 'number')
    return { callback: first ?? null, expires: second, initial: third, isOld: true };
  const options: object = typeof first === 'object' && first !== null ? first : {};
  return {
    callback: second,
    expires: Reflect.get(options, 'expires'),
    initial: Reflect.get(options, 'initial'),
    isOld: false,
  };
}
