/** Colours, where they are wanted, and text that knows how wide it is. Every glyph of the demo is one column wide. */

const SGR = /\x1b\[[0-9;]*m/g;
const RESET = '\x1b[0m';

/** In the order in which nodes appear: apart from each other for most eyes, on dark and on light ground. */
const NODE_COLORS = [33, 208, 35, 170, 178, 44, 99, 167];

/** As https://no-color.org asks; `FORCE_COLOR` is for pipes that end at a terminal. */
export function wantsColor({ isColorless, stream, env }) {
  if (isColorless || (env.NO_COLOR ?? '') !== '') return false;
  if ((env.FORCE_COLOR ?? '') !== '') return env.FORCE_COLOR !== '0';
  return stream.isTTY === true && env.TERM !== 'dumb';
}

export function createStyle(isColored) {
  const paint = (code) => (text) => (isColored ? `\x1b[${code}m${text}${RESET}` : text);
  return {
    isColored,
    bold: paint('1'),
    dim: paint('2'),
    good: paint('32'),
    warn: paint('33'),
    bad: paint('31'),
    title: paint('1;36'),
    node: (index) => paint(`38;5;${nodeColor(index)}`),
    /** Two cells above each other in one column; without an index a cell is left dark. */
    cellPair(upper, lower) {
      const foreground = upper === undefined ? 238 : nodeColor(upper);
      const background = lower === undefined ? 238 : nodeColor(lower);
      return `\x1b[38;5;${foreground};48;5;${background}m▀${RESET}`;
    },
  };
}

export function widthOf(text) {
  return [...text.replaceAll(SGR, '')].length;
}

export function left(text, width) {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

export function right(text, width) {
  return ' '.repeat(Math.max(0, width - widthOf(text))) + text;
}

/** Cut to `width` columns, with an ellipsis where something is missing. */
export function clipped(text, width) {
  if (widthOf(text) <= width) return text;
  let kept = '';
  let used = 0;
  for (const [part] of text.matchAll(/\x1b\[[0-9;]*m|./gsu)) {
    const isCode = part.startsWith('\x1b');
    if (!isCode && used >= width - 1) break;
    kept += part;
    if (!isCode) used++;
  }
  return `${kept}…${text.includes('\x1b') ? RESET : ''}`;
}

function nodeColor(index) {
  return NODE_COLORS[index % NODE_COLORS.length];
}
