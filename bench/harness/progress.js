/** How far a run is: one line that is written over on a terminal, a line for each tenth elsewhere. */

const WIDTH = 30;

export class Progress {
  #total;
  #done = 0;
  #tenths = 0;
  #label = '';
  #began = performance.now();

  constructor(total) {
    this.#total = total;
  }

  /** Names what is being done. */
  label(text) {
    this.#label = text;
    this.#draw();
  }

  step(count = 1) {
    this.#done += count;
    this.#draw();
  }

  /** Clears the line, so that something else can be printed. */
  clear() {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[2K');
  }

  #draw() {
    const share = Math.min(1, this.#done / this.#total);
    const seconds = (performance.now() - this.#began) / 1_000;
    const left = share > 0.02 ? `, about ${Math.ceil((seconds / share) * (1 - share))} s left` : '';
    if (process.stderr.isTTY) {
      const bar = '█'.repeat(Math.round(share * WIDTH)).padEnd(WIDTH, '░');
      process.stderr.write(`\r\x1b[2K${bar} ${Math.floor(share * 100)} %${left}  ${this.#label}`);
    } else if (Math.floor(share * 10) > this.#tenths) {
      this.#tenths = Math.floor(share * 10);
      process.stderr.write(`${this.#tenths * 10} % after ${seconds.toFixed(0)} s${left}\n`);
    }
  }
}
