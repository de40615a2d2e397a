/** What vitest's JSON reporter writes, as far as it is looked at. */
export interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

export interface Counts {
  readonly passed: number;
  readonly failed: number;
}

/** Plays all files, or these. */
export type Play = (files: readonly string[]) => { readonly code: number; readonly report: Report | undefined };

export function failedFiles(report: Report): string[];
export function countOf(report: Report, isCounted?: (name: string) => boolean): Counts;
export function runTests(play: Play, say: (line: string) => void): Counts;
