/** Values that tell which write they are of, in either codec and in the bytes that a server holds. */

export type TestCodec = 'json' | 'string';

export function makeValue(codec: TestCodec, key: string, number: number, bytes = 0): unknown {
  const text = `${key}#${number}#${'x'.repeat(bytes)}`;
  return codec === 'json' ? { text } : text;
}

/** The number of the write that a value, or bytes that hold one, come from. */
export function numberIn(value: unknown): number | undefined {
  const digits = /#(\d+)#/.exec(textOf(value))?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The key that it was written under. */
export function keyIn(value: unknown): string {
  return textOf(value).split('#')[0] ?? '';
}

function textOf(value: unknown): string {
  return typeof value === 'object' && value !== null && 'text' in value ? String(value.text) : String(value);
}
