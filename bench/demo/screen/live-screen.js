/** Redraws the board in place on a terminal. Leaves the cursor as it found it, whatever happens. */

import { board, stripSize } from './board.js';
import { clipped } from './style.js';

const FRAME_MS = 50;
const MARGIN = 2;
const MAX_WIDTH = 116;
/** Long enough to read what a step has brought. */
const PAUSE_MS = 600;
const SHOW_CURSOR = '\x1b[?25h';

export class LiveScreen {
  #stream;
  #style;
  #lookAt;
  #drawnLines = 0;
  #drawnAt = 0;
  #timer;

  /** `lookAt(cells)` gives the state of the moment. */
  constructor(stream, style, lookAt) {
    this.#stream = stream;
    this.#style = style;
    this.#lookAt = lookAt;
    stream.write('\x1b[?25l');
    this.#timer = setInterval(() => this.tick(), FRAME_MS);
  }

  get width() {
    return Math.min(MAX_WIDTH, this.#stream.columns - 2 * MARGIN);
  }

  /** Up to the last column. */
  get fullWidth() {
    return this.#stream.columns - MARGIN;
  }

  /** Draws if the last picture is old enough: to be called as often as one likes. */
  tick() {
    if (performance.now() - this.#drawnAt >= FRAME_MS) this.#draw();
  }

  stepBegan() {
    this.#draw();
  }

  async stepEnded() {
    this.#draw();
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }

  print(lines) {
    const columns = this.#stream.columns;
    this.#stream.write(`${lines.map((line) => clipped(' '.repeat(MARGIN) + line, columns)).join('\n')}\n`);
  }

  /** The last picture stays. */
  close() {
    if (this.#timer === undefined) return;
    this.#draw();
    this.abort();
  }

  /** The cursor comes back; nothing is drawn any more. */
  abort() {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#stream.write(SHOW_CURSOR);
  }

  #draw() {
    if (this.#timer === undefined) return;
    this.#drawnAt = performance.now();
    const { width } = this;
    const { rows, columns } = this.#stream;
    const lines = board(this.#lookAt(stripSize(width)), { width, height: rows, style: this.#style })
      .slice(0, rows - 1)
      .map((line) => `${clipped(line === '' ? '' : ' '.repeat(MARGIN) + line, columns)}\x1b[K\n`);
    // Between the two marks a terminal that knows them shows nothing half done.
    const up = this.#drawnLines === 0 ? '' : `\x1b[${this.#drawnLines}A\r`;
    this.#stream.write(`\x1b[?2026h${up}${lines.join('')}\x1b[J\x1b[?2026l`);
    this.#drawnLines = lines.length;
  }
}
