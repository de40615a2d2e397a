/** The lines of a listing that is under way. */

const LONGEST_LISTING = 16 * 1024 * 1024;

export class Listing {
  private lines: string[] = [];
  private length = 0;

  /** What is wrong with the line: it makes the listing endless, or is none (a foreign speaker's greeting, for one). */
  add(line: string): 'endless' | 'foreign' | undefined {
    this.lines.push(line);
    this.length += line.length;
    if (this.length > LONGEST_LISTING) return 'endless';
    return /^(?:STAT|ITEM|PREFIX) /.test(line) ? undefined : 'foreign';
  }

  /** All lines so far; the next listing begins. */
  take(): string[] {
    const { lines } = this;
    this.lines = [];
    this.length = 0;
    return lines;
  }
}
