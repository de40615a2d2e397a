/** Lines for logs: the headline of each step, its progress by quarters, its result. */

import { headline, stepLine } from './board.js';
import { count, percent } from './figures.js';
import { nodeTable } from './node-table.js';

const WIDTH = 100;

export class PlainScreen {
  fullWidth = WIDTH;
  #stream;
  #style;
  #lookAt;
  #quarter = 0;

  constructor(stream, style, lookAt) {
    this.#stream = stream;
    this.#style = style;
    this.#lookAt = lookAt;
    this.print([headline(lookAt(0), style)]);
  }

  tick() {
    const { progress } = this.#lookAt(0);
    if (progress === undefined) return;
    const quarter = Math.floor(progress.share * 4);
    if (quarter <= this.#quarter) return;
    this.#quarter = quarter;
    const hits = progress.hitRate === undefined ? '' : `, hit rate ${percent(progress.hitRate)}`;
    this.print([`    ${quarter * 25} %, ${count(progress.perSecond)} ${progress.unit}/s${hits}`]);
  }

  stepBegan(step) {
    this.#quarter = 0;
    this.print(['', `${this.#style.bold(step.name)}: ${step.says}`]);
  }

  async stepEnded(step) {
    this.print([`  ${stepLine(step, [step], this.#style)}`]);
  }

  print(lines) {
    this.#stream.write(`${lines.join('\n')}\n`);
  }

  close() {
    const { nodes, shares } = this.#lookAt(0);
    this.print(['', ...nodeTable({ nodes, shares, width: WIDTH, style: this.#style })]);
  }

  abort() {}
}
