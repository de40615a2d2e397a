/** The whole picture as lines: what was asked, the steps with their results, the nodes, the keys, the progress. */

import { count, percent, progressBar } from './figures.js';
import { nodeTable } from './node-table.js';
import { left, right, widthOf } from './style.js';

const STRIP_ROWS = 2;
const RATE_WIDTH = 18;

export function headline({ title, keyCount, replication }, style) {
  const copies = replication === 1 ? '1 copy of each' : `${replication} copies of each`;
  return `${style.title('ringfence')}   ${title} · ${count(keyCount)} keys · ${copies}`;
}

/** One line for a step: done, under way, or to come. */
export function stepLine(step, steps, style) {
  const name = left(step.name, Math.max(...steps.map((each) => widthOf(each.name))) + 3);
  if (step.result !== undefined) return `${style.good('✔')} ${name}${step.result}`;
  if (step.isRunning) return `${style.warn('▸')} ${style.bold(name)}${step.says}`;
  return style.dim(`· ${step.name}`);
}

/** @returns {string[]} */
export function board(state, { width, height, style }) {
  const { steps, progress } = state;
  const lines = ['', headline(state, style), '', ...steps.map((step) => stepLine(step, steps, style)), ''];
  lines.push(...nodeTable({ nodes: state.nodes, shares: state.shares, width, style }));
  const bottom = progress === undefined ? 0 : 2;
  if (style.isColored && lines.length + STRIP_ROWS + 2 + bottom < height) lines.push('', ...strip(state, width, style));
  if (progress !== undefined) lines.push('', progressLine(progress, width, style));
  return lines;
}

function strip({ nodes, cells }, width, style) {
  const indexOf = new Map(nodes.map(({ name }, index) => [name, index]));
  const cell = (row, column) => indexOf.get(cells[row * width + column]);
  const rows = Array.from({ length: STRIP_ROWS }, (_, row) =>
    Array.from({ length: width }, (_, column) => style.cellPair(cell(row * 2, column), cell(row * 2 + 1, column))).join(
      '',
    ),
  );
  return [...rows, style.dim('every cell a key, in the colour of the node that answers it')];
}

/** Cells that the strip shows at this width. */
export function stripSize(width) {
  return STRIP_ROWS * 2 * width;
}

export function progressLine({ share, perSecond, unit, hitRate, handoffShare }, width, style) {
  const rate = right(`${count(perSecond)} ${unit}/s`, RATE_WIDTH);
  const hits = hitRate === undefined ? '' : `   hit rate ${percent(hitRate)}`;
  const handoff = handoffShare === undefined ? '' : `   hand-off ${percent(handoffShare, 0)}`;
  const tail = `${right(percent(share, 0), 7)}${rate}${hits}${handoff}`;
  return `${progressBar(share, Math.max(10, width - widthOf(tail)), style)}${tail}`;
}
