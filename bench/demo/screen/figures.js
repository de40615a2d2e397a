/** Numbers and bars as people read them. */

export function count(number) {
  return Math.round(number).toLocaleString('en-US');
}

/** Never rounded up to 100 %: a single miss shows. */
export function percent(share, digits = 2) {
  const shown = Math.floor(share * 100 * 10 ** digits + 1e-6) / 10 ** digits;
  return `${shown.toFixed(digits)} %`;
}

export function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** `share` of `width` columns; not of full height, so that bars below each other stay apart. */
export function bar(share, width) {
  return '▆'.repeat(Math.round(Math.min(1, Math.max(0, share)) * width));
}

export function progressBar(share, width, style) {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return style.good('━'.repeat(full)) + style.dim('─'.repeat(width - full));
}
