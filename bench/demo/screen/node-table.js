/** The table of nodes: share of the keys, hits, misses, state. */

import { bar, count, percent } from './figures.js';
import { clipped, left, right, widthOf } from './style.js';

const STATES = {
  healthy: { glyph: '●', paint: 'good' },
  degraded: { glyph: '◐', paint: 'warn' },
  ejected: { glyph: '◌', paint: 'bad' },
  syncing: { glyph: '◔', paint: 'warn' },
  warming: { glyph: '◑', paint: 'warn' },
  maintenance: { glyph: '◧', paint: 'warn' },
  unknown: { glyph: '○', paint: 'dim' },
  killed: { glyph: '✖', paint: 'bad' },
  removed: { glyph: '·', paint: 'dim' },
};
const MAX_NAME = 24;
const STATE_WIDTH = 13;
const SHARE_WIDTH = 8;
const COUNT_WIDTH = 12;
const MAX_BAR = 64;

/** @returns {string[]} lines of at most `width` columns */
export function nodeTable({ nodes, shares, width, style }) {
  const nameWidth = Math.min(MAX_NAME, Math.max(4, ...nodes.map(({ name }) => widthOf(name)))) + 2;
  const barWidth = Math.max(6, Math.min(MAX_BAR, width - nameWidth - STATE_WIDTH - SHARE_WIDTH - 2 * COUNT_WIDTH));
  const largest = Math.max(0.01, ...shares.values());
  const header =
    left('node', nameWidth) +
    left('state', STATE_WIDTH) +
    left('share of keys', barWidth + SHARE_WIDTH) +
    right('hits', COUNT_WIDTH) +
    right('misses', COUNT_WIDTH);
  const rows = nodes.map((node, index) => {
    const state = STATES[node.state] ?? STATES.unknown;
    const share = shares.get(node.name) ?? 0;
    const isGone = node.state === 'removed';
    const plain = isGone ? style.dim : (text) => text;
    return (
      left((isGone ? style.dim : style.node(index))(clipped(node.name, nameWidth - 2)), nameWidth) +
      left(style[state.paint](`${state.glyph} ${node.state}`), STATE_WIDTH) +
      left(style.node(index)(bar(share / largest, barWidth)), barWidth) +
      right(isGone ? '' : percent(share, 1), SHARE_WIDTH) +
      plain(right(count(node.hits), COUNT_WIDTH)) +
      plain(right(count(node.misses), COUNT_WIDTH))
    );
  });
  return [style.dim(header), ...rows];
}
