/** Whatever a caller gave, as a word or two for an error message: never all of a long text, and never an error of its own. */

const SHOWN_UNITS = 64;

export function shown(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value.length > SHOWN_UNITS ? `'${value.slice(0, SHOWN_UNITS)}…'` : `'${value}'`;
    case 'function':
      return 'a function';
    case 'object':
      if (value === null) return 'null';
      return Array.isArray(value) ? 'an array' : 'an object';
    default:
      return String(value);
  }
}
