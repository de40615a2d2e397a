/** Patterns as Redis matches them in KEYS, SCAN and PSUBSCRIBE: `*`, `?`, `[abc]`, `[^a]`, `[a-z]`, and `\` before any of these. */

const LITERAL = /[\\^$.*+?()[\]{}|/-]/g;

export function globPattern(pattern: string): RegExp {
  let source = '';
  for (let i = 0; i < pattern.length; i++) {
    const unit = pattern[i] as string;
    if (unit === '*') source += '[\\s\\S]*';
    else if (unit === '?') source += '[\\s\\S]';
    else if (unit === '[') {
      const { text, end } = setAt(pattern, i);
      source += text;
      i = end;
    } else {
      const isEscaped = unit === '\\' && i + 1 < pattern.length;
      if (isEscaped) i++;
      source += quoted(pattern[i] as string);
    }
  }
  return new RegExp(`^${source}$`);
}

/** A set that is not closed ends with the pattern, as in Redis. */
function setAt(pattern: string, open: number): { readonly text: string; readonly end: number } {
  let i = open + 1;
  const isNegated = pattern[i] === '^';
  if (isNegated) i++;
  let items = '';
  for (; i < pattern.length && pattern[i] !== ']'; i++) {
    if (pattern[i] === '\\' && i + 1 < pattern.length) items += quoted(pattern[++i] as string);
    else if (pattern[i + 1] === '-' && i + 2 < pattern.length) {
      const [low, high] = [pattern[i] as string, pattern[i + 2] as string].sort();
      items += `${quoted(low as string)}-${quoted(high as string)}`;
      i += 2;
    } else items += quoted(pattern[i] as string);
  }
  // Of nothing: no character is in it, any is outside.
  if (items === '') return { text: isNegated ? '[\\s\\S]' : '[]', end: i };
  return { text: `[${isNegated ? '^' : ''}${items}]`, end: i };
}

function quoted(unit: string): string {
  return unit.replace(LITERAL, '\\$&');
}
